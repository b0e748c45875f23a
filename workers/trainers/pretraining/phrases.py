"""The phrases of the pre-training text; a grammar, so that they combine to many thousand questions."""

from __future__ import annotations

ASKED = {
    "联行号": (
        "联行号", "行号", "联行编号", "大额支付行号", "支付系统行号", "开户行行号", "12位行号", "行号是多少", "联行号是多少", "联行号多少",
        "人行行号", "CNAPS", "银行联行号", "行号查一下", "联行号给我",
    ),
    "清算行号": ("清算行号", "清算行行号", "清算号", "清算行行号是多少", "清算编号", "资金清算号", "清算号是啥", "清算行的行号"),
    "全称": ("全称", "全名", "完整名称", "准确名称", "正式名称", "全称是什么", "全称怎么写", "名称全称"),
    "清单": ("有哪些网点", "全部网点", "所有支行", "网点列表", "都有哪些支行", "网点清单", "有几家网点", "支行都列一下"),
}  # fmt: skip

BODIES = (
    "{bank}{place}{branch}", "{bank}{place}{branch}", "{bank}{place}{branch}", "{place}{bank}{branch}", "{place}的{bank}{branch}",
    "{bank}在{place}的{branch}", "{place}那边的{bank}{branch}", "{bank} {place} {branch}", "{place}，{bank}，{branch}", "{branch}，{bank}，{place}",
    "{bank}{branch}，在{place}", "{branch}（{place}{bank}）", "{bank}{branch}({place})", "{place}{branch}，{bank}的", "{bank}的{place}{branch}",
    "{place}有个{bank}{branch}", "{bank}，{place}的{branch}", "{place}{branch}是{bank}的",
    "{bank}{branch}", "{bank}{branch}", "{bank}的{branch}", "{branch}，{bank}", "{bank}那个{branch}", "{bank}，{branch}", "{branch}（{bank}）", "{bank} {branch}",
    "{bank}{place}", "{place}{bank}", "{place}的{bank}", "{bank}在{place}", "{bank}，{place}", "{place}那边{bank}", "{bank} {place}",
    "{bank}", "{bank}总行",
)  # fmt: skip

OPENINGS = (
    "", "", "", "", "", "请问", "请问一下", "你好，", "您好，", "您好，请问", "麻烦问下", "麻烦", "帮忙看下", "帮我找", "帮查", "查询", "老师，", "急用，",
    "我想查", "我要汇款，", "客户要付款，", "财务问，", "在吗？", "打扰了，", "有没有人知道", "谁知道", "求", "需要", "给供应商打款，", "公司转账用，",
    "刚才没查到，", "再问一个，", "另外，", "还有", "领导让我查", "填单子要用，", "发工资用的，", "跨行转账，", "网银里找不到，",
)  # fmt: skip

CLOSINGS = (
    "", "", "", "", "？", "?", "吗", "呢", "呢？", "。", "谢谢", "，谢谢", "，谢谢！", "，多谢", "，急", "，在线等", "啊", "呀？", "，麻烦了", "，尽快",
    " 谢谢", "～", "！", "，辛苦", "，我要转账", "，付款用",
)  # fmt: skip

SENTENCES = (
    "请将货款汇至我公司在{full}开立的账户。", "开户银行：{full}", "我司基本户开在{full}，请核对。", "{full}已于上月迁址营业。",
    "收款人开户行为{full}，金额无误。", "本次付款由{full}受理。", "户名与账号见附件，开户行{full}。", "请财务确认{short}的信息。",
    "合同约定付款至{short}。", "我们单位的账户在{short}，已经用了三年。", "该笔汇款因行名填写有误被{full}退回。", "{full}负责代发工资。",
)  # fmt: skip

TALK = (
    ("你好", "您好，请问要查哪家银行的网点？"), ("在吗", "在的，请说要查的银行和网点。"), ("谢谢", "不客气。"), ("再见", "再见，祝您工作顺利。"),
    ("你是谁", "我是银行网点查询助手。"), ("联行号是什么", "联行号是支付系统里每个银行网点的编号，共十二位数字。"),
    ("清算行号是什么", "清算行号是负责资金清算的银行的行号。"), ("你会写诗吗", "我只会处理银行网点的问题。"),
    ("怎么查联行号", "告诉我银行、地点和网点名称即可。"), ("今天天气怎么样", "这个我不知道，我只处理银行网点的问题。"),
)  # fmt: skip
