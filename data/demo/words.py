"""Plausible Chinese titles and summaries: every text is a pattern with its blanks filled in every way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from string import Formatter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.demo.days import Ints
from data.demo.frames import pick


def _listed(text: str) -> list[str]:
    return text.split()


_BLANKS = {
    "past": _listed("上月 上季度 节前 近两个月"),
    "place": _listed("左岸营地 右岸营地 地下厂房 拌和站 砂石料场 引水洞工区 大坝工区 机修车间 项目部驻地"),
    "home": _listed("一号宿舍楼 二号宿舍楼 探亲房 新营地板房 协作队伍宿舍"),
    "shift": _listed("夜班 白班 倒班 节假日值班"),
    "crew": _listed("开挖班 浇筑班 灌浆班 运输班 机电班 支护班"),
    "insured": _listed("养老保险 医疗保险 工伤保险 失业保险 住房公积金"),
    "skill": _listed("电工 焊工 起重 盾构操作 测量 试验检测 安全员"),
    "gear": _listed("防尘口罩 反光背心 安全帽 绝缘手套 防滑靴 耳塞"),
    "danger": _listed("临边防护缺失 洞内照明不足 通风量不够 临时用电线路老化 脚手板未满铺 边坡有掉块"),
    "object": _listed(
        "爆破孔网布置 混凝土温控 钢筋加工 模板周转 弃渣运输 灌浆配比 皮带机 施工排水 缆机调度 砂石骨料筛分"
    ),
    "saving": _listed("降低单耗 缩短工序衔接时间 减少返工 节约用电 减少设备空转"),
    "theme": _listed(
        "学习贯彻党的创新理论 弘扬劳模精神 安全生产大讲堂 廉洁教育 重温入党誓词 防汛度汛先锋行动 质量强企 乡村振兴帮扶"
    ),
    "contest": _listed("大干一百天 混凝土浇筑质量 安全标准化工地 隧洞掘进进度 机电安装精品 青年岗位建功"),
    "sport": _listed("篮球赛 乒乓球赛 健步走 拔河比赛 羽毛球赛 歌咏比赛 趣味运动会 读书分享会"),
    "subject": _listed("工资支付 集体合同 劳动安全 带薪年休假 女职工权益 困难帮扶 职业健康体检 农民工服务"),
}

GRIEVANCES: dict[str, tuple[str, ...]] = {
    "pay": (
        "{past}工资未按约定日期发放，请求核实",
        "{past}加班费计算有误，要求补发差额",
        "{crew}{past}绩效分配不透明，希望公示",
        "协作队伍拖欠{past}工资，{crew}多人反映",
        "{past}野外津贴漏发，请补发",
        "{place}高温津贴标准不清楚",
        "{crew}计件单价调整未事先说明",
    ),
    "hours": (
        "{crew}连续{shift}未安排调休",
        "{place}{shift}交接时间过长，休息不足",
        "年休假申请未获批准（{crew}）",
        "探亲假安排与工期冲突，希望协调（{crew}）",
        "{crew}{past}加班超时，要求控制",
    ),
    "safety": (
        "{place}{danger}，请尽快整改",
        "{gear}发放不及时，{crew}反映",
        "{place}{shift}时{danger}",
        "{crew}反映{gear}质量差、磨损快",
        "职业健康体检未覆盖{crew}",
    ),
    "contract": (
        "{crew}部分人员未签订书面劳动合同",
        "劳动合同到期未续签，{crew}咨询处理办法",
        "岗位调整到{place}，未协商一致",
        "试用期约定不清，{crew}新员工反映",
        "合同文本未交本人一份（{place}）",
    ),
    "insurance": (
        "{past}{insured}缴费基数有误",
        "{insured}转移手续办理缓慢",
        "{crew}反映{insured}断缴",
        "外省人员{insured}报销困难",
    ),
    "welfare": (
        "{home}热水供应不稳定",
        "{place}食堂菜品单一、价格偏高",
        "{home}网络信号差，影响与家人联系",
        "{home}空调损坏多日未修",
        "{place}通勤班车班次太少",
        "节日慰问品发放不均（{crew}）",
    ),
    "training": (
        "希望增加{skill}取证培训名额",
        "{skill}技能等级申报通道不畅",
        "{crew}青年职工缺少导师带徒安排",
        "{skill}培训与{shift}冲突，建议错峰",
    ),
    "environment": (
        "{place}粉尘大，建议增加喷淋",
        "{place}噪声超标，影响休息",
        "{place}夏季高温，缺少防暑设施",
        "{home}周边积水，蚊虫多",
        "{place}饮用水有异味，请检测",
    ),
    "management": (
        "{crew}考勤处罚过重，希望复核",
        "{place}管理人员态度生硬",
        "评优结果未公示，{crew}有意见",
        "{crew}派工不公，请求调查",
        "食堂采购账目希望公开（{place}）",
    ),
    "other": (
        "{crew}职工咨询子女入学政策",
        "希望在{place}增设快递代收点",
        "建议在{home}设置图书角",
        "{crew}咨询户口迁移手续",
    ),
}

SUGGESTIONS: dict[str, tuple[str, ...]] = {
    "safety": ("关于{place}{danger}的治理建议", "{object}作业增设安全联锁的建议", "{crew}班前会隐患排查清单化"),
    "quality": ("{object}质量控制要点优化", "{object}首件验收流程改进", "{place}{object}检测频次调整建议"),
    "cost": ("{object}{saving}的做法", "{place}周转材料集中管理以{saving}", "{object}废料回收利用"),
    "efficiency": ("优化{object}工序，{saving}", "{place}{object}机械配置调整建议", "{crew}与{object}工序平行作业方案"),
    "technology": ("{object}智能监测小装置", "{object}专用工具“五小”改进", "{object}数字化台账方案"),
    "environment": ("{place}废水循环利用", "{object}降尘降噪措施", "{place}弃渣场复绿建议"),
    "welfare": ("{home}晾晒区改造建议", "{place}职工书屋与心理驿站建设", "{home}错峰供热水方案"),
    "management": ("{crew}积分派工改为轮班公示", "{place}物资领用线上审批", "简化{object}报表的建议"),
    "other": ("{place}开展家属开放日的建议", "{crew}老带新结对安排"),
}

ACTIVITIES: dict[str, tuple[str, ...]] = {
    "theme_party_day": ("“{theme}”主题党日",),
    "party_lecture": ("书记讲党课：{theme}", "党课：{theme}"),
    "party_meeting": ("党员大会：{theme}", "党员大会：讨论接收预备党员"),
    "committee_meeting": ("支委会：研究{theme}事项", "支委会：研究{subject}事项"),
    "group_meeting": ("党小组学习：{theme}",),
    "study_exchange": ("“{theme}”交流研讨",),
    "labour_competition": ("“{contest}”劳动竞赛", "“{contest}”竞赛阶段评比"),
    "skills_training": ("{skill}技能培训", "{skill}岗位练兵", "导师带徒：{skill}"),
    "volunteering": ("{place}环境整治志愿服务", "“{theme}”志愿服务", "义务献血与急救志愿服务"),
    "culture_sports": ("职工{sport}", "迎节日{sport}", "党群共建{sport}"),
    "symposium": ("{subject}职工座谈会", "{crew}恳谈会"),
    "home_visit": ("走访{crew}职工", "慰问{home}住家职工", "困难职工家访"),
    "other": ("{subject}宣传日", "{place}开放日"),
}

NOTICES: dict[str, tuple[str, ...]] = {
    "news": ("“{contest}”劳动竞赛圆满收官", "{sport}成功举办", "{place}党员先锋岗授牌", "“{theme}”活动顺利开展"),
    "policy": ("一图读懂：{subject}政策", "{subject}有关规定问答", "{insured}政策解读"),
    "rights": ("{subject}维权提示", "关于规范{subject}的告知", "厂务公开：{subject}"),
    "welfare": ("职工生日慰问安排", "职工体检与疗休养通知", "{home}改善项目启动"),
    "activity": ("关于组织{sport}的通知", "{skill}技能培训报名通知", "“{theme}”活动通知"),
}

PROMISES: dict[str, tuple[str, ...]] = {
    "pay": ("每月15日前足额发放工资并公示", "建立协作队伍工资专户，按月核查", "补发{past}野外津贴"),
    "hours": ("{crew}落实轮休，连续作业不超过六天", "制定年休假计划并按季公布"),
    "safety": ("完成{place}{danger}整改", "为一线更换{gear}", "职业健康体检全覆盖"),
    "contract": ("劳动合同签订率年底前达到100%", "合同到期前三十日书面告知"),
    "insurance": ("补缴{insured}断缴部分", "设立{insured}咨询窗口"),
    "welfare": ("{home}热水改造完工", "{place}食堂引入职工监督小组", "{home}更换空调"),
    "training": ("新增{skill}取证名额三十个", "建立{skill}师带徒档案"),
    "environment": ("{place}增设喷淋降尘设施", "{place}饮用水每季度检测并公示"),
    "management": ("评优评先结果全部公示", "修订考勤处罚办法并征求意见"),
    "other": ("开通{place}快递代收点", "设立子女入学咨询专人"),
}

OWNERS = {
    "pay": "财务资产部",
    "hours": "人力资源部",
    "safety": "安全环保部",
    "contract": "人力资源部",
    "insurance": "人力资源部",
    "welfare": "综合管理部",
    "training": "人力资源部",
    "environment": "安全环保部",
    "management": "纪检监察部",
    "other": "工会办公室",
}

INTERESTS = ("篮球", "羽毛球", "乒乓球", "摄影", "书法", "急救知识", "焊工技能", "电工技能", "英语口语", "心理健康",
             "法律常识", "亲子教育", "短视频制作", "健步走", "无人机操作", "财务规划")  # fmt: skip

TOPICS = ("理论学习", "廉洁", "安全", "质量", "技能", "健康", "文化", "维权")
# Which two of them an activity of a kind is about; Party life otherwise.
TOPICS_OF = {
    "labour_competition": ("安全", "质量"),
    "skills_training": ("技能", "安全"),
    "volunteering": ("健康", "文化"),
    "culture_sports": ("健康", "文化"),
    "symposium": ("维权", "安全"),
    "home_visit": ("维权", "健康"),
    "other": ("维权", "安全"),
}


def filled(pattern: str) -> list[str]:
    """Return the pattern with its blanks filled in every way, in a fixed order."""
    blanks = [name for _, name, _, _ in Formatter().parse(pattern) if name]
    return [
        pattern.format(**dict(zip(blanks, values, strict=True))) for values in product(*(_BLANKS[at] for at in blanks))
    ]


def write(
    patterns: dict[str, tuple[str, ...]],
    codes: Sequence[str],
    index: Ints,
    rng: np.random.Generator,
    known: NDArray[np.bool_] | None = None,
) -> pl.Series:
    """Return one text per entry of `index` (places in `codes`): a filled pattern of its code; empty if not known."""
    texts: list[str] = []
    first, ways = np.zeros((2, len(codes), max(map(len, patterns.values()))), np.int64)
    for row, code in enumerate(codes):
        for column, pattern in enumerate(patterns[code]):
            found = filled(pattern)
            first[row, column], ways[row, column] = len(texts), len(found)
            texts += found
    count = np.array([len(patterns[code]) for code in codes])
    column = (rng.random(len(index)) * count[index]).astype(np.int64)
    chosen = first[index, column] + (rng.random(len(index)) * ways[index, column]).astype(np.int64)
    return pick(texts, chosen, known)
