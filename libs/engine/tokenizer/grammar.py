"""Seeded generator of the text the tokenizer is trained on.

Everything here was written for this project: word lists, sentence patterns and snippets. The same seed gives
the same corpus, byte for byte, on every machine (`random.Random` is stable across Python versions).
"""

import random
from collections.abc import Iterator

NOUNS = """
water river gate pipe dam valve turbine engine wheel power station bridge road house garden kitchen window door
table chair lamp book page letter word sentence story teacher student school lesson question answer problem
solution reason example city village mountain valley forest field farm animal bird fish horse dog cat tree leaf
flower fruit apple bread cheese butter coffee sugar salt stone metal iron copper silver gold glass paper cloth
colour sound light shadow fire wind rain snow storm cloud summer winter morning evening night hour minute second
week month year century history future past moment friend neighbour family mother father sister brother child
doctor nurse driver worker farmer writer reader singer painter builder engineer planner manager customer
request response router scheduler cluster node server client process thread queue token block cache prefix
model layer tensor weight batch memory disk network packet stream message event index record key value field
table column schema query result error warning failure retry timeout limit budget cost price market trade
company office meeting project plan report chart figure number percent ratio average total measure metric
latency throughput capacity demand supply load balance replica shard leader follower lease lock signal trace
test check proof theorem function variable constant module package library folder file path name type class
object method argument parameter option setting default version release change commit branch review comment
map list set graph tree edge vertex matrix vector point line circle square angle distance speed energy force
mass pressure temperature surface volume density motion wave particle atom molecule cell organ heart brain
health medicine disease cure law court judge rule right duty country nation border language culture music dance
film theatre picture camera phone screen button keyboard machine robot sensor battery cable switch circuit chip
ship boat train plane wagon engineer captain sailor island coast harbour ocean lake spring desert planet star
moon sun sky earth ground soil seed root branch bark wood plank nail hammer screw wrench tool box bag bottle cup
plate spoon knife fork recipe soup meat rice bean onion pepper tomato potato carrot garlic lemon orange grape
""".split()

VERBS = """
open close start stop turn move carry lift push pull hold drop throw catch build break repair clean wash cook
bake cut join split merge mix pour fill empty load store send receive read write print copy paste delete insert
update replace select search find lose keep save spend count measure compare sort filter score rank pick choose
decide plan schedule route balance scale shrink grow expand reduce increase compute solve prove test check
verify confirm reject accept allow deny grant revoke connect disconnect listen speak talk ask answer explain
describe discuss argue agree learn teach study remember forget think believe know guess wonder hope want need
like love enjoy prefer avoid escape follow lead guide help serve offer provide deliver return borrow lend share
divide multiply add subtract double visit travel walk run jump climb swim sail drive ride arrive depart stay
wait watch look listen observe notice detect report record publish subscribe notify warn protect guard defend
attack win fail succeed begin finish continue repeat restart resume pause cancel queue batch cache evict prefetch
decode encode hash encrypt compress parse render format validate allocate release bind place assign
""".split()

ADJECTIVES = """
small large big tiny long short tall wide narrow deep shallow high low fast slow quick early late old new young
fresh ancient modern simple complex easy hard difficult clear dark bright pale heavy light strong weak warm cold
hot cool dry wet clean dirty rough smooth soft sharp flat round square straight equal similar different common
rare general special local global public private open closed free busy idle ready empty full complete partial
exact rough correct wrong true false safe dangerous stable steady sudden gentle calm loud quiet happy sad proud
kind brave honest careful patient polite useful useless important necessary possible likely certain final first
second third last next previous upper lower inner outer central northern southern eastern western green blue
red yellow white black brown grey golden silent distant nearby constant variable random average minimum maximum
""".split()

ADVERBS = """
always never often sometimes usually rarely already still again soon later now then here there everywhere
almost nearly quite rather very too also only even just perhaps maybe certainly probably together apart forward
back away inside outside above below once twice today tomorrow yesterday
""".split()

PLACES = """in on at under over near behind before after between across along through without within against
during until toward beyond beside around""".split()

LINKS = ["and", "but", "so", "because", "while", "although", "when", "if", "unless", "since", "where", "that"]
SUBJECTS = ["I", "you", "he", "she", "we", "they", "it", "someone", "everyone", "nobody"]
DETERMINERS = ["the", "a", "this", "that", "each", "every", "some", "any", "no", "another", "our", "their", "its"]

# A little of other scripts, so that common letters are not always split into single bytes.
OTHER_SCRIPTS = [
    "Le moulin près de la rivière tourne toute la journée, même l'été.",
    "Das Wasser fließt über die Mühle, und die Räder drehen sich für alle.",
    "El río baja de la montaña y mueve la máquina del señor Núñez.",
    "A água passa pelo portão e a estação acende as luzes da cidade.",
    "Вода течёт по трубе и вращает колесо, а мельник считает мешки.",
    "Το νερό κυλά και ο τροχός γυρίζει κάθε μέρα.",
    "水从山上流下来，水轮每天转动。",
    "川の水が門を通り、水車を回します。",
    "물이 강을 따라 흐르고 물레방아가 돕니다.",
    "الماء يجري في النهر ويدير العجلة.",
    "नदी का पानी पहिये को घुमाता है।",
]


def plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def verb_form(verb: str, ending: str) -> str:
    if verb.endswith("e") and ending in ("ing", "ed", "er"):
        return verb[:-1] + ending
    if verb.endswith("y") and ending in ("ed", "er") and verb[-2] not in "aeiou":
        return verb[:-1] + "i" + ending
    return plural(verb) if ending == "s" else verb + ending


def noun_phrase(rng: random.Random) -> str:
    noun = rng.choice(NOUNS)
    noun = plural(noun) if rng.random() < 0.35 else noun
    adjective = rng.choice(ADJECTIVES)
    draw = rng.random()
    if draw < 0.1:
        adjective = "un" + adjective
    elif draw < 0.2:
        adjective = adjective + "er"
    words = [rng.choice(DETERMINERS)]
    if rng.random() < 0.55:
        words.append(adjective)
    if rng.random() < 0.12:
        words.append(rng.choice(NOUNS))
    return " ".join([*words, noun])


def verb_phrase(rng: random.Random) -> str:
    verb = rng.choice(VERBS)
    draw = rng.random()
    if draw < 0.25:
        phrase = verb_form(verb, "s")
    elif draw < 0.5:
        phrase = verb_form(verb, "ed")
    elif draw < 0.65:
        phrase = "is " + verb_form(verb, "ing")
    elif draw < 0.75:
        phrase = rng.choice(["can", "will", "must", "should", "could", "would", "may"]) + " " + verb
    elif draw < 0.8:
        phrase = "re" + verb_form(verb, "s")
    else:
        phrase = verb
    if rng.random() < 0.25:
        adverb = rng.choice(ADVERBS) if rng.random() < 0.5 else rng.choice(ADJECTIVES) + "ly"
        phrase = f"{phrase} {adverb}" if rng.random() < 0.5 else f"{adverb} {phrase}"
    return phrase


def clause(rng: random.Random) -> str:
    subject = rng.choice(SUBJECTS) if rng.random() < 0.35 else noun_phrase(rng)
    parts = [subject, verb_phrase(rng)]
    if rng.random() < 0.8:
        parts.append(noun_phrase(rng))
    if rng.random() < 0.5:
        parts += [rng.choice(PLACES), noun_phrase(rng)]
    return " ".join(parts)


def sentence(rng: random.Random) -> str:
    text = clause(rng)
    while rng.random() < 0.4:
        text += (", " if rng.random() < 0.5 else " ") + rng.choice(LINKS) + " " + clause(rng)
    draw = rng.random()
    if draw < 0.08:
        text += f" at {rng.randrange(24)}:{rng.randrange(60):02d}"
    elif draw < 0.16:
        text += f", about {rng.randrange(1000)}.{rng.randrange(100)} {plural(rng.choice(NOUNS))}"
    elif draw < 0.2:
        text = f'"{text}", {rng.choice(SUBJECTS)} said'
    return text[0].upper() + text[1:] + rng.choice([".", ".", ".", ".", "?", "!", ";", ":"])


def code(rng: random.Random) -> str:
    a, b, c = (rng.choice(NOUNS) for _ in range(3))
    do = rng.choice(VERBS)
    return rng.choice([
        f"def {do}_{a}({b}, {c}=None):\n    if {b} is None:\n        return {c}\n    return {b}.{do}({c})\n",
        f"for {a} in {plural(a)}:\n    {b}[{a}] += {rng.randrange(100)}\n    print(f\"{{{a}}}: {{{b}[{a}]}}\")\n",
        f"const {a} = await {do}({{ {b}: {rng.randrange(4096)}, {c}: '{a}' }});\nif (!{a}) throw new Error('no {b}');\n",
        f"{{\"{a}\": {{\"{b}\": {rng.randrange(10000)}, \"{c}\": [true, false, null]}}, \"id\": \"{rng.getrandbits(32):08x}\"}}\n",
        f"SELECT {a}, count(*) FROM {plural(b)} WHERE {c} = {rng.randrange(100)} GROUP BY {a} ORDER BY 2 DESC;\n",
        f"# {do.title()} the {a}\n\n- {b}\n- {c}\n\n```sh\n{do} --{a}={b} /{c}/{a}.txt\n```\n",
        f"{a}:\n  {b}: {rng.randrange(64)}\n  {c}:\n    - {do}\n",
    ])


def documents(seed: int, count: int) -> Iterator[str]:
    """`count` documents of the corpus, in order."""
    rng = random.Random(seed)
    for _ in range(count):
        draw = rng.random()
        if draw < 0.14:
            yield code(rng)
        elif draw < 0.18:
            yield rng.choice(OTHER_SCRIPTS)
        else:
            yield " ".join(sentence(rng) for _ in range(rng.randrange(2, 7))) + "\n"
