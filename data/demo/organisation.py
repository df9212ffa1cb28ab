"""The made-up hydropower construction group: company, divisions, projects and crews, at home and abroad.

Names are invented; places are where such a project could stand. The sixty units of the small demo keep their codes
in every size, the larger ones add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl

from data.demo import stories
from data.demo.days import Days
from data.demo.frames import frame

Kind = Literal["company", "division", "branch", "group"]


@dataclass(frozen=True)
class Unit:
    """One unit. `people` is its usual number of workers before scaling, `exact` keeps it unscaled."""

    id: str
    parent: str | None
    name: str
    name_en: str
    kind: Kind
    region: str
    latitude: float
    longitude: float
    people: int
    opened: date
    closed: date | None = None
    site: bool = True  # a construction site, not an office
    abroad: bool = False
    exact: bool = False


# (name, English name, region, latitude, longitude, site, abroad)
DIVISIONS: tuple[tuple[str, str, str, float, float, bool, bool], ...] = (
    ("华东分公司", "East China Division", "浙江", 30.25, 120.17, True, False),
    ("西南分公司", "Southwest Division", "四川", 30.66, 104.06, True, False),
    ("西北分公司", "Northwest Division", "陕西", 34.27, 108.95, True, False),
    ("华南分公司", "South China Division", "广东", 23.13, 113.26, True, False),
    ("华中分公司", "Central China Division", "湖北", 30.59, 114.30, True, False),
    ("机电安装分公司", "Electromechanical Division", "湖北", 30.70, 111.29, True, False),
    ("海外事业部", "Overseas Division", "北京", 39.93, 116.44, True, True),
    ("勘测设计院", "Survey and Design Institute", "湖南", 28.20, 112.98, False, False),
    ("北方分公司", "North China Division", "河北", 38.04, 114.51, True, False),
    ("东北分公司", "Northeast Division", "辽宁", 41.80, 123.43, True, False),
    ("新能源分公司", "New Energy Division", "甘肃", 36.06, 103.83, True, False),
    ("路桥分公司", "Roads and Bridges Division", "贵州", 26.65, 106.63, True, False),
)

# division → (short name, what it is, English short name, English, region, latitude, longitude, people)
PROJECTS: dict[int, tuple[tuple[str, str, str, str, str, float, float, int], ...]] = {
    1: (
        ("云溪", "抽水蓄能电站项目部", "Yunxi", "Pumped-Storage Project", "浙江", 30.52, 119.58, 290),
        ("鹤岭", "抽水蓄能电站项目部", "Heling", "Pumped-Storage Project", "安徽", 30.18, 117.86, 240),
        ("白鹭湾", "引水枢纽项目部", "Bailuwan", "Diversion Project", "江苏", 33.12, 119.34, 160),
        ("丹湖", "大坝加固工程项目部", "Danhu", "Dam Reinforcement Project", "福建", 26.31, 117.63, 130),
        ("沂南岭", "抽水蓄能电站项目部", "Yinanling", "Pumped-Storage Project", "山东", 35.93, 118.02, 180),
    ),
    2: (
        ("苍云", "水电站项目部", "Cangyun", "Hydropower Project", "四川", 28.61, 102.92, 340),
        ("龙栖峡", "大坝项目部", "Longqi Gorge", "Dam Project", "四川", 30.08, 101.93, 310),
        ("碧落江", "地下厂房项目部", "Biluo", "Underground Powerhouse Project", "云南", 26.47, 99.31, 280),
        ("雪屏", "引水隧洞项目部", "Xueping", "Headrace Tunnel Project", "西藏", 29.63, 94.72, 220),
        ("盘石", "水电站项目部", "Panshi", "Hydropower Project", "贵州", 25.24, 105.18, 200),
        ("赤霞", "抽水蓄能电站项目部", "Chixia", "Pumped-Storage Project", "重庆", 29.38, 107.12, 190),
    ),
    3: (
        ("河曲滩", "水电站项目部", "Hequtan", "Hydropower Project", "青海", 35.92, 100.86, 300),
        ("祁南", "抽水蓄能电站项目部", "Qinan", "Pumped-Storage Project", "甘肃", 38.42, 100.61, 190),
        ("云麓", "引水隧洞项目部", "Yunlu", "Headrace Tunnel Project", "陕西", 33.88, 108.21, 250),
        ("天漠", "抽水蓄能电站项目部", "Tianmo", "Pumped-Storage Project", "新疆", 43.62, 87.16, 230),
    ),
    4: (
        ("粤岭", "抽水蓄能电站项目部", "Yueling", "Pumped-Storage Project", "广东", 23.79, 112.48, 260),
        ("榕湾", "水利枢纽项目部", "Rongwan", "Water Control Project", "广西", 23.61, 109.24, 310),
        ("琼崖岭", "抽水蓄能电站项目部", "Qiongyaling", "Pumped-Storage Project", "海南", 18.93, 109.68, 150),
        ("红湾", "船闸项目部", "Hongwan", "Ship Lock Project", "广西", 24.92, 107.03, 140),
    ),
    5: (
        ("楚屏", "水电站项目部", "Chuping", "Hydropower Project", "湖北", 30.92, 110.41, 290),
        ("湘云", "抽水蓄能电站项目部", "Xiangyun", "Pumped-Storage Project", "湖南", 28.41, 113.88, 240),
        ("伏岭", "抽水蓄能电站项目部", "Fuling Ridge", "Pumped-Storage Project", "河南", 33.79, 112.21, 220),
        ("沅谷", "水利枢纽项目部", "Yuangu", "Water Control Project", "湖南", 28.92, 110.58, 170),
        ("荆溪", "闸站改造项目部", "Jingxi", "Sluice Renewal Project", "湖北", 30.33, 112.24, 16),
    ),
    6: (
        ("", "水轮机安装工程处", "", "Turbine Installation Works", "湖北", 30.74, 111.33, 210),
        ("", "金属结构制造厂", "", "Steel Structure Factory", "湖北", 30.45, 111.52, 230),
        ("", "输变电工程处", "", "Power Transmission Works", "湖北", 30.58, 114.21, 120),
    ),
    7: (
        ("南欣", "水电站项目部", "Nam Xin", "Hydropower Project", "老挝", 20.31, 102.63, 260),
        ("奥姆巴拉", "水电站项目部", "Ombara", "Hydropower Project", "埃塞俄比亚", 7.02, 37.58, 230),
        ("喀朗", "大坝项目部", "Karang", "Dam Project", "巴基斯坦", 35.31, 73.19, 250),
        ("巴图拉雅", "水电站项目部", "Batu Raya", "Hydropower Project", "印度尼西亚", 2.58, 98.94, 170),
        ("卢萨瓦", "大坝项目部", "Lusawa", "Dam Project", "赞比亚", -15.88, 28.34, 150),
    ),
    8: (
        ("", "水工设计所", "", "Hydraulic Design Office", "湖南", 28.21, 112.94, 130),
        ("", "工程质量检测中心", "", "Quality Testing Centre", "湖南", 28.17, 113.03, 90),
    ),
}

OPENED_LATE = {"D02P06": date(2025, 4, 1), "D07P05": date(2025, 9, 1)}

CREWS: tuple[tuple[str, str], ...] = (
    ("开挖班", "Excavation Crew"),
    ("浇筑班", "Concrete Crew"),
    ("灌浆班", "Grouting Crew"),
    ("运输班", "Haulage Crew"),
    ("机电班", "Electromechanical Crew"),
    ("测量班", "Survey Crew"),
    ("试验班", "Laboratory Crew"),
    ("拌和班", "Batching Plant Crew"),
    ("支护班", "Support Crew"),
)

# Units with crews of their own in the small demo, and how many.
CREWED = {
    "D01P01": 2,
    "D01P02": 1,
    "D01P05": 1,
    "D02P01": 2,
    "D02P02": 2,
    "D02P03": 1,
    "D03P01": 2,
    "D04P01": 1,
    "D05P01": 2,
    "D05P02": 1,
    "D07P01": 1,
    "D07P03": 1,
}



def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.split()[0], pair.split()[1]) for pair in text.split("·"))


# Names of further projects: first and second half, with their pinyin.
FIRST = _pairs(
    "青 Qing · 松 Song · 竹 Zhu · 金 Jin · 玉 Yu · 翠 Cui · 紫 Zi · 碧 Bi · 银 Yin · 鹰 Ying · 鹿 Lu · 凤 Feng · "
    "麒 Qi · 霞 Xia · 岚 Lan · 星 Xing"
)
SECOND = _pairs("岭 ling · 峡 xia · 滩 tan · 坪 ping · 崖 ya · 谷 gu · 渡 du · 垭 ya · 屏 ping · 潭 tan")
# Syllables of names abroad.
SYLLABLES = _pairs(
    "卡 ka · 洛 lo · 米 mi · 塔 ta · 拉 ra · 尼 ni · 索 so · 巴 ba · 鲁 ru · 莫 mo · 瓦 wa · 基 ki · 莱 le · 萨 sa · "
    "杜 du · 纳 na"
)
TYPES: tuple[tuple[str, str], ...] = (
    ("水电站项目部", "Hydropower Project"),
    ("抽水蓄能电站项目部", "Pumped-Storage Project"),
    ("大坝项目部", "Dam Project"),
    ("引水隧洞项目部", "Headrace Tunnel Project"),
    ("水利枢纽项目部", "Water Control Project"),
    ("地下厂房项目部", "Underground Powerhouse Project"),
)
# division → where further projects stand: (region, latitude, longitude), inland enough for a degree of scatter.
PLACES: dict[int, tuple[tuple[str, float, float], ...]] = {
    1: (("浙江", 29.1, 119.4), ("安徽", 31.2, 116.6), ("福建", 26.4, 117.9), ("江西", 27.6, 115.6)),
    2: (("四川", 30.2, 102.6), ("云南", 25.4, 100.6), ("西藏", 30, 95.6), ("贵州", 27, 107.2), ("重庆", 29.8, 107.8)),
    3: (("青海", 35.2, 100.2), ("甘肃", 35.4, 104.6), ("陕西", 33.4, 108.6), ("新疆", 42.6, 85.6), ("宁夏", 37.4, 106)),
    4: (("广东", 23.9, 113.6), ("广西", 23.9, 108.0), ("海南", 19.1, 109.7)),
    5: (("湖北", 31.2, 111.6), ("湖南", 27.6, 111.6), ("河南", 34.0, 112.6)),
    6: (("湖北", 30.8, 111.6), ("四川", 29.4, 103.6), ("云南", 25.6, 101.6)),
    7: (
        ("老挝", 19.4, 102.4),
        ("埃塞俄比亚", 8.6, 38.2),
        ("巴基斯坦", 34.6, 72.8),
        ("印度尼西亚", 0.4, 101.2),
        ("赞比亚", -14.6, 28.0),
        ("尼泊尔", 28.1, 84.2),
        ("几内亚", 11.0, -12.0),
        ("乌干达", 1.8, 32.4),
        ("厄瓜多尔", -1.6, -78.4),
        ("安哥拉", -10.6, 15.6),
        ("柬埔寨", 12.8, 104.4),
        ("玻利维亚", -16.8, -66.0),
    ),
    8: (("湖南", 28.1, 112.6), ("四川", 30.6, 104.0), ("陕西", 34.3, 108.9)),
    9: (("河北", 38.4, 114.6), ("山西", 37.4, 112.4), ("内蒙古", 41.4, 111.6)),
    10: (("辽宁", 41.6, 123.6), ("吉林", 43.4, 126.6), ("黑龙江", 46.4, 128.6)),
    11: (("甘肃", 39.4, 98.4), ("青海", 36.6, 97.4), ("内蒙古", 41.2, 108.4), ("新疆", 43.0, 88.6)),
    12: (("贵州", 26.4, 106.8), ("云南", 24.6, 102.4), ("湖南", 26.6, 110.4)),
}

FOUNDED = date(1956, 4, 1)
# The names and places of the larger sizes do not depend on the demo's seed.
NAMES_SEED = 20261031


def units(divisions: int, branches: int, groups: int, days: Days, told: bool) -> list[Unit]:
    """Return the group's units in tree order: 1 company and as many divisions, branches and groups as asked.

    `told`: the unit of the story "closed unit" is closed.
    """
    rng = np.random.default_rng(NAMES_SEED)
    made = [
        Unit("HQ", None, "澜岳水电建设集团有限公司", "Lanyue Hydropower Construction Group", "company", "北京", 39.91,
             116.41, 210, FOUNDED, site=False)
    ]  # fmt: skip
    for number, (name, name_en, region, lat, lon, site, _) in enumerate(DIVISIONS[:divisions], 1):
        opened = date(1990 + number, 3, 1)
        people = int(rng.integers(52, 82))
        made.append(
            Unit(f"D{number:02}", "HQ", name, name_en, "division", region, lat, lon, people, opened, site=False)
        )
        for place, project in enumerate(PROJECTS.get(number, ()), 1):
            made.append(_declared(number, place, project, rng, told, site))
    made += _further_branches(made, divisions, branches, days, rng)
    made += _crews(made, groups, rng)
    return [made[0], *sorted(made[1:], key=lambda unit: unit.id)]


def branches(units: list[Unit]) -> pl.DataFrame:
    """Return the table `branches`."""
    return frame(
        "branches",
        {
            "branch_id": [unit.id for unit in units],
            "parent_id": [unit.parent for unit in units],
            "name": [unit.name for unit in units],
            "name_en": [unit.name_en for unit in units],
            "kind": [unit.kind for unit in units],
            "region": [unit.region for unit in units],
            "latitude": [unit.latitude for unit in units],
            "longitude": [unit.longitude for unit in units],
            "opened_on": [unit.opened for unit in units],
            "closed_on": [unit.closed for unit in units],
        },
    )


def short(unit: Unit) -> str:
    """Return a unit's name without what kind of office it is: “云溪” of “云溪抽水蓄能电站项目部”."""
    for ending in ("抽水蓄能电站项目部", "水电站项目部", "项目部", "有限公司"):
        if unit.name.endswith(ending):
            return unit.name.removesuffix(ending)
    return unit.name


def _declared(
    number: int,
    place: int,
    project: tuple[str, str, str, str, str, float, float, int],
    rng: np.random.Generator,
    told: bool,
    site: bool,
) -> Unit:
    name, what, name_en, what_en, region, lat, lon, people = project
    code = f"D{number:02}P{place:02}"
    opened = OPENED_LATE.get(code, date(2012 + int(rng.integers(0, 11)), int(rng.integers(1, 13)), 1))
    closed = date(2025, 12, 31) if told and code in stories.CLOSED_UNIT.units else None
    return Unit(code, f"D{number:02}", name + what, f"{name_en} {what_en}".strip(), "branch", region, lat, lon, people,
                opened, closed, site, DIVISIONS[number - 1][6], exact=code in stories.SMALL_PERFECT.units)  # fmt: skip


def _further_branches(
    made: list[Unit], divisions: int, branches: int, days: Days, rng: np.random.Generator
) -> list[Unit]:
    names = [(a + b, pa + pb) for a, pa in FIRST for b, pb in SECOND]
    foreign = [
        (a + b + c, (pa + pb + pc).title())
        for a, pa in SYLLABLES
        for b, pb in SYLLABLES
        for c, pc in SYLLABLES
        if len({a, b, c}) == 3
    ]
    home, away = iter(rng.permutation(len(names)).tolist()), iter(rng.permutation(len(foreign)).tolist())
    count = {number: len(PROJECTS.get(number, ())) for number in range(1, divisions + 1)}
    found: list[Unit] = []
    for turn in range(branches - sum(unit.kind == "branch" for unit in made)):
        number = turn % divisions + 1
        count[number] += 1
        region, lat, lon = PLACES[number][count[number] % len(PLACES[number])]
        abroad = DIVISIONS[number - 1][6]
        name, name_en = foreign[next(away)] if abroad else names[next(home)]
        what, what_en = ("勘测设计所", "Design Office") if number == 8 else TYPES[int(rng.integers(len(TYPES)))]
        late = rng.random() < 0.04
        opened = (
            days.first + timedelta(int(days.edges[int(rng.integers(6, len(days.months) - 8))]))
            if late
            else date(2012 + int(rng.integers(0, 11)), int(rng.integers(1, 13)), 1)
        )
        found.append(
            Unit(f"D{number:02}P{count[number]:02}", f"D{number:02}", name + what, f"{name_en} {what_en}", "branch",
                 region, round(lat + rng.uniform(-0.8, 0.8), 2), round(lon + rng.uniform(-0.8, 0.8), 2),
                 int(rng.integers(110, 330)), opened, None, DIVISIONS[number - 1][5], abroad)
        )  # fmt: skip
    return found


def _crews(made: list[Unit], groups: int, rng: np.random.Generator) -> list[Unit]:
    # A story's unit is told about its own rows; crews below it would blur that.
    taken = {code for story in stories.STORIES for code in story.units}
    hosts = [
        unit for unit in made if unit.kind == "branch" and unit.name.endswith("项目部") and unit.id not in taken
    ]
    wanted = {unit.id: CREWED.get(unit.id, 0) for unit in hosts}
    rest = groups - sum(wanted.values())
    for turn in range(rest):
        wanted[hosts[turn % len(hosts)].id] += 1
    found = []
    for host in hosts:
        kinds = rng.permutation(len(CREWS))
        for place in range(wanted[host.id]):
            crew, crew_en = CREWS[kinds[place]]
            found.append(
                Unit(f"{host.id}G{place + 1}", host.id, short(host) + crew, f"{_short_en(host)} {crew_en}", "group",
                     host.region, round(host.latitude + rng.uniform(-0.02, 0.02), 3),
                     round(host.longitude + rng.uniform(-0.02, 0.02), 3), int(rng.integers(35, 90)), host.opened,
                     host.closed, True, host.abroad)
            )  # fmt: skip
    return found


def _short_en(unit: Unit) -> str:
    for _, what in TYPES:
        if unit.name_en.endswith(what):
            return unit.name_en.removesuffix(what).strip()
    return unit.name_en.removesuffix(" Project")
