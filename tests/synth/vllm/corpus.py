"""Sentences of both languages to train tiny tokenizers on: written by hand, or drawn from hand-written words."""

import random

ZH = """今天的天气非常好，适合出去走一走。
请你用三句话介绍一下北京的历史。
我不知道这个问题的答案，但是可以帮你查一查。
一个人的成功需要努力，也需要一点运气。
小明有五个苹果，给了小红两个，还剩几个？
这本书讲的是一位老人和大海的故事。
如果明天下雨，我们就在家里看电影。
学习编程的第一步是多写代码，多看别人的代码。
健康的饮食应该包括蔬菜、水果和全谷物。
人工智能正在改变我们的工作和生活方式。
为什么天空是蓝色的？因为光线会被空气散射。
他说：“时间就是生命，请不要浪费。”
春眠不觉晓，处处闻啼鸟。
用户的问题写得很清楚，回答也应该同样清楚。
从上海到广州坐高铁大约需要七个小时。
这道菜的做法很简单：先切菜，再下锅，最后放盐。""".splitlines()
EN = """The weather is fine today, so let us take a walk.
Please introduce the history of London in three sentences.
I do not know the answer, but I can help you to find it.
If it rains tomorrow, we will stay at home and watch a film.
The first step in learning to program is to write a lot of code.
Why is the sky blue? Because the light is scattered by the air.
She said: "Time is all we have, so don't waste it."
A healthy diet should include vegetables, fruit and whole grains.
He has five apples, gives two of them away, and keeps the rest.
This book tells the story of an old man and the sea.
The question is clear, and the answer should be just as clear.
It takes about seven hours to go from one city to the other by train.
def add(a, b): return a + b  # the sum of two numbers
Write a short poem about the moon, the river and the mountain.""".splitlines()


def sentences(count: int = 600, seed: int = 1) -> list[str]:
    """Sentences in Chinese, in English and in both; the same for the same seed."""
    draw = random.Random(seed)
    characters = [character for line in ZH for character in line if character > "\u4e00"]
    words = [word for line in EN for word in line.split()]
    lines = [*ZH, *EN]
    for _ in range(count):
        zh = "".join(draw.choices(characters, k=draw.randint(6, 24)))
        en = " ".join(draw.choices(words, k=draw.randint(4, 12)))
        number = draw.randint(0, 9999)
        lines.append(
            draw.choice([f"{zh}。", f"{en}.", f"{zh}（{en}）", f"{number}. {en}: {zh}", f"第{number}题：{zh}？"])
        )
    return lines
