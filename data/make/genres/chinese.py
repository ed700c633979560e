"""简短的中文文件:租赁合同、使用说明书。"""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.family import Kind, family
from data.make.invented import InventedDocument

LEASE = """
# zujin: 租金
v = money 1500 18000 100
n = int 1 20
> 每月租金为[[{v}]],应在每月[[ri:{n}日]]前支付。
> 承租人应在每月[[ri:{n}日]]前支付租金[[{v}]]。
~ 不接受现金付款。
? 每月租金是多少{of}?
? 租金 金额{of}
? 住一个月要花多少钱{of}?
?ri 租金应在什么时候之前支付{of}?
?ri 付款期限{of}
# yajin: 押金
v = money 2000 40000 500
n = int 7 60
> 押金为[[{v}]],退房后[[qi:{n}天内]]退还。
> 承租人交付押金[[{v}]],出租人在退房后[[qi:{n}天内]]退还。
~ 押金不能抵作租金。
? 押金是多少{of}?
? 为了防止损坏要先交多少钱{of}?
?qi 押金什么时候退还{of}?
# jiechu: 解除合同
n = int 1 6
f = 书面 | 电子邮件 | 挂号信
> 解除合同须提前[[{n}个月]],以[[form:{f}]]通知对方。
> 以[[form:{f}]]提前[[{n}个月]]通知对方,即可解除合同。
~ 电话通知无效。
? 解除合同要提前多久通知{of}?
? 我想搬走,要提前几个月说{of}?
?form 解除合同以什么方式通知{of}?
# chongwu: 宠物
v = 可以养一只猫 | 不得饲养任何动物 | 经同意可以养狗
> 关于宠物的规定是:[[{v}]]。
> 承租人[[{v}]]。
~ 公共区域应保持清洁。
? 可以养宠物吗{of}?
? 能带我的猫一起住吗{of}?
# qixian: 租期
d = date
n = int 1 5
> 合同自[[ri:{d}]]起生效,租期为[[{n}年]]。
> 租期[[{n}年]],从[[ri:{d}]]开始计算。
~ 钥匙在办公室交付。
? 租期是几年{of}?
?ri 合同从哪一天开始{of}?
?ri 入住日期{of}
# wuye: 物业费
v = money 50 900 10
l = 清洁和电梯 | 用水和绿化 | 垃圾处理和照明
> 物业费每月[[{v}]],用于[[yong:{l}]]。
> 每月另付[[{v}]]物业费,包括[[yong:{l}]]。
~ 电费由承租人自行支付。
? 物业费每月多少{of}?
? 除了租金还要付多少钱{of}?
?yong 物业费包括什么{of}?
"""
DEVICE = """
# qingjie: 清洁
v = 滤网 | 水箱 | 托盘
n = int 2 30
> 每使用[[{n}小时]]请清洗[[shen:{v}]]。
> [[shen:{v}]]应每[[{n}小时]]清洗一次。
~ 清洁前请拔下插头。
? 多久清洗一次{of}?
? 清洁间隔{of}
?shen 哪个部件需要定期清洗{of}?
# canshu: 技术参数
w = int 40 2400 20
k = decimal 1 30 1
> 功率[[{w}瓦]],重量[[zhong:{k}公斤]]。
> 本机重[[zhong:{k}公斤]],功率为[[{w}瓦]]。
~ 参数如有变动,恕不另行通知。
? 功率是多少{of}?
?zhong 机器有多重{of}?
?zhong 重量{of}
# baoxiu: 保修
n = int 1 6
a = 电池 | 表面划痕 | 易损件
> 保修期为[[{n}年]],[[chu:{a}]]不在保修范围内。
> 除[[chu:{a}]]外,[[{n}年]]内免费维修。
~ 请保存好发票。
? 保修期是几年{of}?
? 多长时间内可以免费修理{of}?
?chu 什么不在保修范围内{of}?
# deng: 指示灯
s = 水箱没有水了 | 盖子没有关好 | 电池电量不足
> 红灯闪烁表示[[{s}]]。
> 如果红灯闪烁,说明[[{s}]]。
~ 绿灯表示运行正常。
? 红灯闪烁表示什么{of}?
? 为什么灯在闪红光{of}?
# nianling: 安全
n = int 8 16
> [[{n}岁以下]]的儿童不得使用本机。
> 本机不适合[[{n}岁以下]]的儿童使用。
~ 请勿打开外壳。
? 几岁以下的儿童不能使用{of}?
? 年龄限制{of}
"""
KINDS = (
    Kind(title="租赁合同 {mark}", of=("(合同{mark})", "({mark}号合同)"), marks="code", topics=LEASE),
    Kind(title="使用说明书 {mark}", of=("({mark})", "(型号{mark})"), marks="code", topics=DEVICE),
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    yield from family(rng, genre="chinese", lang="zh", kinds=KINDS, numbering=("第{n}条 {h}", "{n}. {h}", "{h}"))
