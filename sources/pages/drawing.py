"""Drawings by matplotlib as SVG that takes its colours and its fonts from the page around it."""

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colour = Literal[
    "ink", "soft", "line", "kept", "lost", "chosen", "rejected", "prompt", "length-rule", "prompt-groups", "scores",
    "c1", "c2", "c3", "c4", "c5", "page",
]  # fmt: skip
"""Names of colours. What each looks like, in light and in dark mode, is said at the top of page.css."""

PLACEHOLDERS: dict[Colour, str] = {name: f"#0101{number:02x}" for number, name in enumerate(get_args(Colour), 1)}
"""What matplotlib draws with in place of each colour; the page replaces it by `var(--name)` of page.css."""

SETTINGS = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.edgecolor": PLACEHOLDERS["line"],
    "axes.labelcolor": PLACEHOLDERS["soft"],
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "grid.color": PLACEHOLDERS["line"],
    "grid.linewidth": 0.6,
    "text.color": PLACEHOLDERS["ink"],
    "xtick.color": PLACEHOLDERS["line"],
    "xtick.labelcolor": PLACEHOLDERS["soft"],
    "xtick.labelsize": 9,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.color": PLACEHOLDERS["line"],
    "ytick.labelcolor": PLACEHOLDERS["ink"],
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}

POINTS = 72
WIDTH = 330
"""Of every drawing, in points: about as wide as a phone."""

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def warm_up() -> None:
    """Import matplotlib, so that it is there when it is needed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it speaks of its font cache
    for module in ("matplotlib.figure", "matplotlib.backends.backend_svg"):
        import_module(module)


@contextmanager
def open_studio() -> Iterator["Studio"]:
    """A studio, matplotlib set for its drawings meanwhile, whatever the user's own settings."""
    warm_up()
    import matplotlib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Chinese names are not in its font; the page's fonts have them
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(cast(Any, SETTINGS))
            yield Studio()


class Studio:
    """Makes the drawings of one page; `styles` is what its style sheet needs for them."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._drawn = 0

    @property
    def styles(self) -> str:
        return "\n".join(f".{name}{{{style}}}" for style, name in self._classes.items())

    def draw(self, height: float, label: str, paint: "Callable[[Figure], None]") -> str:
        """An <svg> of that height in points, `label` for those who cannot see it."""
        import matplotlib
        from matplotlib.figure import Figure

        self._drawn += 1
        matplotlib.rcParams["svg.hashsalt"] = (
            f"report-{self._drawn}"  # names in one drawing differ from those in another
        )
        figure = Figure(figsize=(WIDTH / POINTS, height / POINTS))
        paint(figure)
        target = io.StringIO()
        figure.savefig(target, format="svg", transparent=True, metadata=NO_METADATA)
        return self._clean(target.getvalue(), label)

    def _clean(self, svg: str, label: str) -> str:
        """The drawing for use inside a page: no styles of its own, no names but those that are used."""
        root = ElementTree.fromstring(svg)  # noqa: S314 - matplotlib wrote it
        used = set(re.findall(r'"(?:url\()?#([^")]+)', svg))
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == f"{SVG}style" or (child.tag == f"{SVG}defs" and not len(child)):
                    parent.remove(child)
        for element in root.iter():
            element.tag = element.tag.removeprefix(SVG)
            self._clean_attributes(element.attrib, used)
        root.attrib.clear()
        root.attrib.update({"class": "chart", "viewBox": _view_box(svg), "role": "img", "aria-label": label})
        return re.sub(r"\s*\n\s*", " ", ElementTree.tostring(root, encoding="unicode"))

    def _clean_attributes(self, attributes: dict[str, str], used: set[str]) -> None:
        style = attributes.pop("style", "")
        if style:
            attributes["class"] = self._class(style)
        if HREF in attributes:
            attributes["href"] = attributes.pop(HREF)
        if attributes.get("id") not in used:
            attributes.pop("id", None)
        if attributes.get("transform", "").startswith("rotate(-0 "):
            del attributes["transform"]

    def _class(self, style: str) -> str:
        style = re.sub(r"font-family: [^;]*;? ?", "", style)
        for colour, placeholder in PLACEHOLDERS.items():
            style = style.replace(placeholder, f"var(--{colour})")
        return self._classes.setdefault(style.strip("; "), f"m{len(self._classes)}")


def _view_box(svg: str) -> str:
    found = re.search(r'viewBox="([^"]+)"', svg)
    return found[1] if found else ""


def axes(figure: "Figure", *, left: float, bottom: float = 4, right: float = 8, top: float = 4) -> "Axes":
    """Axes with margins in points."""
    height = figure.get_figheight() * POINTS
    return figure.add_axes(
        (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - bottom - top) / height)
    )


def hide_axis(axis: Any) -> None:
    axis.set_visible(False)
