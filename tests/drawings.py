"""Ten pictures as a shop has them, drawn: a piece of clothing of each class, on any ground."""

from PIL import Image, ImageDraw

SIZE = 400, 520  # width and height
INK = {
    "T-shirt/top": (196, 62, 58),
    "Trouser": (52, 70, 120),
    "Pullover": (92, 64, 110),
    "Dress": (150, 40, 90),
    "Coat": (70, 66, 60),
    "Sandal": (90, 50, 30),
    "Shirt": (120, 160, 200),
    "Sneaker": (60, 110, 90),
    "Bag": (140, 90, 50),
    "Ankle boot": (80, 56, 44),
}


def drawn(name: str, ground: str | None = "white", ink: object = None) -> Image.Image:
    """A picture of mode RGB; with `ground=None` of mode RGBA, with nothing around the clothing."""
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 0) if ground is None else ground)
    _DRAW[name](ImageDraw.Draw(picture), ink or INK[name])
    return picture if ground is None else picture.convert("RGB")


def _darker(ink, factor=0.6):
    return tuple(int(factor * each) for each in ink)


def _top(draw, ink, hem, cuff, waist=(118, 282)):
    """A body down to `hem`, and two sleeves that end between the points of `cuff`, left of it."""
    left, right = waist
    draw.polygon(
        [(160, 60), (240, 60), (right, 110), (right, hem), (left, hem), (left, 110)], fill=ink
    )
    outer, inner = cuff
    for side in (1, -1):
        arm = [(162, 60), (105, 84), outer, inner, (left + 4, 200)]
        draw.polygon([(200 + side * (x - 200), y) for x, y in arm], fill=ink)


def _t_shirt(draw, ink):
    _top(draw, ink, 400, ((50, 160), (112, 190)), (125, 275))


def _trouser(draw, ink):
    draw.polygon(
        [(150, 40), (250, 40), (262, 480), (212, 480), (200, 150), (188, 480), (138, 480)], fill=ink
    )
    draw.line([(150, 62), (250, 62)], fill=_darker(ink), width=5)


def _pullover(draw, ink):
    _top(draw, ink, 390, ((48, 385), (94, 390)))
    draw.line([(118, 375), (282, 375)], fill=_darker(ink), width=6)


def _dress(draw, ink):
    draw.polygon(
        [
            (165, 30),
            (180, 80),
            (220, 80),
            (235, 30),
            (245, 120),
            (228, 190),
            (265, 490),
            (135, 490),
            (172, 190),
            (155, 120),
        ],
        fill=ink,
    )


def _coat(draw, ink):
    _top(draw, ink, 470, ((56, 430), (104, 434)), (112, 288))
    draw.line([(200, 72), (200, 470)], fill=_darker(ink), width=6)
    for y in (160, 240, 320):
        draw.ellipse([(206, y), (218, y + 12)], fill=_darker(ink))


def _shirt(draw, ink):
    _top(draw, ink, 420, ((66, 330), (112, 340)), (122, 278))
    draw.line([(200, 72), (200, 420)], fill=_darker(ink), width=4)
    draw.polygon([(165, 55), (200, 95), (235, 55), (215, 50), (185, 50)], fill=_darker(ink, 0.8))


def _sandal(draw, ink):
    draw.polygon(
        [
            (40, 330),
            (150, 318),
            (300, 262),
            (360, 240),
            (364, 262),
            (300, 300),
            (160, 344),
            (40, 346),
        ],
        fill=ink,
    )
    draw.polygon([(338, 250), (364, 244), (360, 340), (348, 340)], fill=ink)
    draw.line([(90, 324), (130, 280), (175, 308)], fill=ink, width=14)
    draw.line([(290, 268), (310, 190), (358, 244)], fill=ink, width=10)


def _sneaker(draw, ink):
    draw.polygon(
        [
            (30, 300),
            (70, 278),
            (150, 250),
            (210, 205),
            (260, 215),
            (330, 205),
            (368, 225),
            (370, 310),
            (30, 320),
        ],
        fill=ink,
    )
    draw.rectangle([(28, 308), (372, 332)], fill=_darker(ink, 1.5))
    for x in (160, 182, 204):
        draw.line([(x, 240), (x + 18, 262)], fill=_darker(ink, 1.6), width=5)


def _bag(draw, ink):
    draw.arc([(130, 90), (270, 290)], 180, 360, fill=_darker(ink, 0.8), width=14)
    draw.rounded_rectangle([(50, 190), (350, 420)], 24, fill=ink)
    draw.line([(50, 250), (350, 250)], fill=_darker(ink), width=6)


def _boot(draw, ink):
    draw.polygon(
        [
            (210, 60),
            (350, 60),
            (345, 380),
            (350, 440),
            (40, 440),
            (36, 400),
            (90, 350),
            (190, 310),
            (220, 240),
        ],
        fill=ink,
    )
    draw.rectangle([(36, 434), (352, 452)], fill=_darker(ink))
    draw.rectangle([(285, 452), (352, 486)], fill=_darker(ink))


_DRAW = {
    "T-shirt/top": _t_shirt,
    "Trouser": _trouser,
    "Pullover": _pullover,
    "Dress": _dress,
    "Coat": _coat,
    "Sandal": _sandal,
    "Shirt": _shirt,
    "Sneaker": _sneaker,
    "Bag": _bag,
    "Ankle boot": _boot,
}
