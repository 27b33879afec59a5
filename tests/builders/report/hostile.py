"""Rows as an enemy would publish them."""

ATTACKS = [
    "<script>window.hacked = 1; alert(1)</script>",
    "</script><script>window.hacked = 2</script>",
    "<!--<script>",
    "-->]]></style><style>body{background:url(https://evil.invalid/css)}</style>",
    '"><img src="https://evil.invalid/pixel" onerror="window.hacked=3">',
    "<svg/onload=window.hacked=4><iframe srcdoc='<script>parent.hacked=5</script>'></iframe>",
    '<a href="javascript:window.hacked=6">link</a><base href="https://evil.invalid/">',
    "<meta http-equiv=refresh content='0;url=https://evil.invalid/'>",
    "<link rel=stylesheet href=https://evil.invalid/a.css><form action=https://evil.invalid><button>x</button></form>",
    "{{ 7*7 }} {% raw %} ${7*7} \\u003cscript\\u003e </textarea></title></noscript></template>",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200d\u2028\u2029\ufeff\u00ad\u3164 \U000e0041",
    "a" * 11_000,
    "ก็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็็ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "terminal \x1b[31m red \x00 nul \x9b c1",
    "\u0628\u0633\u0645 right to left",
]


def hostile_rows() -> list[dict[str, str]]:
    """Rows with an attack on every side, in LLaMA-Factory's layout; each is there twice, so that evidence is hostile
    too."""
    rows = []
    for number, attack in enumerate(ATTACKS):
        says = f"这是第{number}个问题，请你仔细回答一下。"
        rows.append(
            {
                "instruction": f"{attack}{says}",
                "input": "",
                "chosen": f"好的，我来仔细地回答第{number}个问题。{attack}",
                "rejected": f"好的，我不想回答。{attack}第{number}个问题没有意思。",
            }
        )
    rows.append({**rows[0], "chosen": "", "instruction": f"{ATTACKS[4]}没有回答的问题。"})
    return [*rows, *rows]
