"""Ten kinds of tasks as one instruction with ever other items, in both languages; and copies of texts with edits."""

# ruff: noqa: E501 - long lines are instructions and answers

import random
from collections.abc import Callable

Row = tuple[str, str, str]

WORDS = {
    "zh": {
        "who": "小明|王芳|李强|赵敏|陈涛|刘洋|周静|吴磊|孙悦|郑凯|冯雪|何平",
        "thing": "面馆的汤头|新买的键盘|楼下的花店|昨晚的电影|这本小说|公司的食堂|周末的市集|孩子的书包|"
        "快递的包装|酒店的早餐|健身房的灯光|地铁的广播|小区的停车位|老师的板书|球队的教练|"
        "手机的电池",
        "said": "真不错|让人失望|比想象中贵|值得再来|有点奇怪|和去年一样|吵得睡不着|做工很细|太辣了|"
        "等了很久|性价比高|像没睡醒|颜色发白|说得很清楚|完全没用|出乎意料",
        "city": "杭州|成都|青岛|西安|厦门|长沙|昆明|大连|苏州|桂林|哈尔滨|拉萨|洛阳|南宁|银川|海口",
        "fruit": "苹果|橘子|桃子|西瓜|荔枝|草莓|香蕉|葡萄",
        "org": "红星机械厂|远航物流|晨光出版社|北湖大学|天河医院|青松律师事务所|海蓝航空|金穗银行",
        "verb": "加入了|离开了|起诉了|收购了|参观了|赞助了|批评了|拜访了",
        "column": "工资|年龄|入职日期|城市|部门|绩效|电话|邮箱|学历|工龄",
    },
    "en": {
        "who": "Alice|Robert|Maria|Hassan|Yuki|Peter|Olga|Daniel|Ines|Thomas|Priya|Lucas",
        "thing": "the soup at the noodle bar|my new keyboard|the flower shop downstairs|the film last night|"
        "this novel|the office canteen|the weekend market|the school bag|the parcel's wrapping|"
        "the hotel breakfast|the light in the gym|the subway announcements|the parking lot|"
        "the teacher's handwriting|the team's coach|the phone battery",
        "said": "was really good|let me down|costs more than I thought|is worth another visit|"
        "felt a bit odd|is the same as last year|kept me awake|is finely made|was far too hot|"
        "took ages|is good value|looked half asleep|has gone pale|was very clear|"
        "is of no use at all|took me by surprise",
        "city": "Hangzhou|Lisbon|Oslo|Nairobi|Quito|Dublin|Ankara|Hanoi|Lima|Prague|Havana|Cairo|Boston|"
        "Kyoto|Perth|Riga",
        "fruit": "apples|oranges|peaches|melons|lychees|strawberries|bananas|grapes",
        "org": "Redstar Tools|Farway Freight|Morning Press|North Lake University|Riverside Hospital|"
        "Pine Law|Blue Air|Golden Bank",
        "verb": "joined|left|sued|bought|visited|sponsored|criticised|praised",
        "column": "salary|age|hired|city|department|score|phone|email|degree|tenure",
    },
}
"""What items are made of, by language and kind, separated by bars."""

SAY = {
    "moderation": {
        "zh": "你是一名内容审核员。请阅读下面的用户评论，判断它是否违反社区规范，规范包括不得辱骂他人、不得发布广告、不得泄露隐私。请先用一句话说明理由，"
        "再给出结论，结论只能是“通过”或者“不通过”。评论：",
        "en": "You are a content moderator. Read the user comment below and decide whether it breaks the rules of the community: no insults, "
        "no advertising, no private data. Give your reason in one sentence, then your verdict, which is either PASS or FAIL. Comment: ",
    },
    "sentiment": {
        "zh": "请判断下面这句话的情感倾向，只回答“正面”“负面”或“中性”，不要解释，也不要输出其他任何内容。句子：",
        "en": "Classify the sentiment of the following sentence. Answer with positive, negative or neutral only, without any explanation. "
        "Sentence: ",
    },
    "ner": {
        "zh": "请从下面的句子中抽取所有人名和机构名，以 JSON 格式输出，键为 person 和 org，没有的输出空列表，不要输出多余文字。句子：",
        "en": "Extract all names of persons and organisations from the sentence below. Answer in JSON with the keys person and org, and an "
        "empty list where there is none. Sentence: ",
    },
    "translation": {
        "zh": "请把下面的句子翻译成英文，要求语气自然，用词准确，不要添加原文没有的内容，只输出译文。句子：",
        "en": "Translate the following sentence into Chinese. Keep the tone natural and the words exact, add nothing, and print the "
        "translation only. Sentence: ",
    },
    "slots": {
        "zh": "请为下面的订票请求填写槽位，格式为“出发地=；目的地=；日期=；人数=”，缺少的填“无”，不要输出其他内容。请求：",
        "en": "Fill the slots of the booking request below in the form 'from=; to=; day=; people=', with none for what is missing, and "
        "print nothing else. Request: ",
    },
    "tools": {
        "zh": "你可以调用工具 get_weather，参数为 city、days、unit。请根据用户的话输出一次工具调用，只输出 JSON。用户：",
        "en": "You can call the tool get_weather with the arguments city, days and unit. Print one tool call for what the user says, as "
        "JSON only. User: ",
    },
    "sql": {
        "zh": "数据库有一张表 employees，包含姓名、部门、城市、工资、年龄等列。请把下面的问题写成一条 SQL 查询，只输出 SQL。问题：",
        "en": "The database has one table employees with the columns name, department, city, salary, age and others. Write the question "
        "below as one SQL query and print the SQL only. Question: ",
    },
    "review": {
        "zh": "请审查下面这段 Python 代码，指出其中最严重的一个问题，并用一句话说明怎样修改，不要重写整段代码。代码：\n",
        "en": "Review the Python code below, name its most serious problem, and say in one sentence how to mend it, without writing the "
        "whole code anew. Code:\n",
    },
    "choice": {
        "zh": "下面是一道单项选择题，请直接给出正确选项的字母，不要解释，也不要重复题目。\n",
        "en": "Below is a question with four choices. Give the letter of the right choice only, without explaining and without repeating "
        "the question.\n",
    },
}


def words(lang: str, kind: str) -> list[str]:
    """What items are made of."""
    return WORDS[lang][kind].split("|")


def _moderation(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    sides = {
        "zh": ("评论没有辱骂、广告或隐私内容。结论：通过", "评论含有不当内容，违反社区规范。结论：不通过"),
        "en": (
            "The comment holds no insult, advertising or private data. Verdict: PASS",
            "The comment is improper and breaks the rules. Verdict: FAIL",
        ),
    }[lang]
    return f"{one('thing')}{' ' * (lang == 'en')}{one('said')}", *rng.sample(sides, 2)


def _sentiment(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    labels = {"zh": ["正面", "负面", "中性"], "en": ["positive", "negative", "neutral"]}[lang]
    said = (
        f"{one('who')}说{one('thing')}{one('said')}"
        if lang == "zh"
        else f"{one('who')} says {one('thing')} {one('said')}"
    )
    return said, *rng.sample(labels, 2)


def _ner(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    who, org, verb = one("who"), one("org"), one("verb")
    said = (
        f"{rng.randint(1, 12)}月{who}{verb}{org}"
        if lang == "zh"
        else f"In week {rng.randint(1, 52)} {who} {verb} {org}"
    )
    return said, f'{{"person": ["{who}"], "org": ["{org}"]}}', f'{{"person": ["{who}{org}"], "org": []}}'


def _translation(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    places = {kind: rng.randrange(len(words(lang, kind))) for kind in ("thing", "said", "city")}
    thing, said, city = ({each: words(each, kind)[place] for each in WORDS} for kind, place in places.items())
    asked = {"zh": f"{city['zh']}{thing['zh']}{said['zh']}", "en": f"In {city['en']} {thing['en']} {said['en']}"}
    other = "en" if lang == "zh" else "zh"
    return asked[lang], f"{asked[other]}.", f"{asked[other].replace(thing[other], rng.choice(words(other, 'thing')))}!"


def _arithmetic(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    boxes, each, more = rng.randint(11, 99), rng.randint(11, 99), rng.randint(2, 9)
    total = boxes * each // 2 + more * each
    if lang == "zh":
        asked = f"某商店进了{boxes}箱{one('fruit')}，每箱{each}个，卖掉一半以后又进了{more}箱，请问现在一共有多少个？请写出计算过程。"
        told = f"先用箱数乘以每箱的个数，再减去卖掉的一半，最后加上新进的。{boxes}乘以{each}等于{boxes * each}，所以现在一共有{{}}个。"
    else:
        asked = (
            f"A shop bought {boxes} boxes of {one('fruit')} with {each} in each box, sold half of them and then bought {more} boxes "
            "more. How many has it now? Show how you work it out."
        )
        told = (
            f"Multiply the boxes by what each holds, halve that, and add the new ones. {boxes} times {each} is {boxes * each}, so the "
            "shop now has {}."
        )
    return asked, told.format(total), told.format(total - each)


def _slots(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    start, end = rng.sample(words(lang, "city"), 2)
    day, people = rng.randint(1, 28), rng.randint(1, 9)
    if lang == "zh":
        asked = f"我们{people}个人{day}号从{start}去{end}"
        return (
            asked,
            f"出发地={start}；目的地={end}；日期={day}号；人数={people}",
            f"出发地={end}；目的地={start}；日期={day}号；人数={people}",
        )
    asked = f"{people} of us go from {start} to {end} on day {day}"
    return (
        asked,
        f"from={start}; to={end}; day={day}; people={people}",
        f"from={end}; to={start}; day={day}; people={people}",
    )


def _tools(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    city, days = one("city"), rng.randint(1, 14)
    said = (
        f"{one('who')}想知道{city}未来{days}天的天气"
        if lang == "zh"
        else f"{one('who')} asks for the weather in {city} for {days} days"
    )
    call = '{{"name": "get_weather", "arguments": {{"city": "{}", "days": {}, "unit": "{}"}}}}'
    return said, call.format(city, days, "celsius"), call.format(city, days, "fahrenheit")


def _sql(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    column, city, least = one("column"), one("city"), rng.randint(20, 9999)
    said = (
        f"{city}的员工里，{column}大于{least}的有谁" if lang == "zh" else f"Who in {city} has a {column} above {least}"
    )
    query = f"SELECT name FROM employees WHERE city = '{city}' AND {column} > {least}"
    return said, f"{query};", f"{query.replace('>', '<')};"


VERBS = "load save merge sort parse send fetch clean split count draw find"


def _review(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    name = "_".join(rng.sample(VERBS.split(), 2))
    kind, number = rng.choice(["items", "rows", "names", "files", "users", "lines"]), rng.randint(2, 99)
    code = f"def {name}({kind}=[]):\n    for each in {kind}:\n        each.{name.split('_')[0]}({number})\n    return {kind}[{number}]"
    if lang == "zh":
        return (
            code,
            f"{name} 的默认参数 {kind}=[] 会在多次调用之间共享，应改成 None。",
            f"{name} 里的循环可以写得更短一些。",
        )
    return (
        code,
        f"The default {kind}=[] of {name} is shared by all calls; make it None.",
        f"The loop in {name} could be shorter.",
    )


def _choice(rng: random.Random, lang: str, one: Callable[[str], str]) -> Row:
    choices = rng.sample(words(lang, "city"), 4)
    lines = "\n".join(f"{letter}. {city}" for letter, city in zip("ABCD", choices, strict=True))
    asked = (
        f"{one('org')}{one('verb')}{one('who')}之后搬到了哪里？"
        if lang == "zh"
        else f"Where did {one('org')} move when it {one('verb')} {one('who')}?"
    )
    return f"{asked}\n{lines}", *rng.sample("ABCD", 2)


TASKS: dict[str, Callable[[random.Random, str, Callable[[str], str]], Row]] = {
    "moderation": _moderation,
    "sentiment": _sentiment,
    "ner": _ner,
    "translation": _translation,
    "arithmetic": _arithmetic,
    "slots": _slots,
    "tools": _tools,
    "sql": _sql,
    "review": _review,
    "choice": _choice,
}


def template_rows(task: str, lang: str, count: int, seed: int = 0) -> list[Row]:
    """So many pairs of one task, no two with the same prompt."""
    rng = random.Random(f"{task}{lang}{seed}")
    rows: dict[str, Row] = {}
    while len(rows) < count:
        asked, chosen, rejected = TASKS[task](rng, lang, lambda kind: rng.choice(words(lang, kind)))
        prompt = SAY.get(task, {}).get(lang, "") + asked
        rows.setdefault(prompt, (prompt, chosen, rejected))
    return list(rows.values())


def edited(text: str, share: float, rng: random.Random) -> str:
    """The text with that share of its characters replaced, removed or doubled by others; too short a text as it is."""
    letters = list(text)
    for place in sorted(rng.sample(range(len(text)), round(share * len(text))), reverse=True):
        match rng.randrange(3):
            case 0:
                letters[place] = rng.choice(text)
            case 1:
                letters.insert(place, rng.choice(text))
            case _:
                del letters[place]
    return "".join(letters)
