"""The groups whose commands all come from statement kinds and questions."""

from __future__ import annotations

from clients.cli.command import new_group
from clients.cli.node import passing

access = new_group("access", "Ask, and answer, what is kept about a subject.", "查询本人信息与答复。")
case = new_group("case", "Open, authorise and close cases; log exhibits and findings.", "立案、授权、固定证物与结案。")
consent = new_group("consent", "Record consents and mandates, and their end.", "登记同意与委托及其终止。")
dispute = new_group("dispute", "Raise and resolve disputes.", "提出与处理异议。")
erase = new_group("erase", "Ask for erasure, attest it, hold it for a case.", "请求删除、证明删除与暂停删除。")
governance = new_group("governance", "Propose, approve and reject what regulators decide.", "治理动议、同意与反对。")
incident = new_group("incident", "Report incidents, contain, notify and close them.", "报告、处置、通知与终结事件。")
list_ = new_group("list", "Enter and leave lists; apply and lift measures.", "名单列入与移出、惩戒措施实施与解除。")
pledge = new_group("pledge", "Make pledges and say whether they were kept.", "信用承诺及其履行认定。")
product = new_group(
    "product", "Register reports, evaluations and scores; see whether they still hold.", "信用产品登记与核查。"
)
publish = new_group(
    "publish", "Publish records, stop, mirror and observe publications.", "公示、停止公示、副本与观测。"
)
repair = new_group("repair", "Apply for, accept and decide credit repair.", "信用修复申请、受理与决定。")
stop = new_group("stop", "Acknowledge what was stopped; see who still has to.", "确认停止与查看进度。")

governance.add_command(
    passing(
        "calendar", "Draft the policy's calendar of working days for a regulator to check.", "起草策略所用的工作日历"
    )
)
