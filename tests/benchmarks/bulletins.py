"""Measures deduplication on dense input: weather bulletins of one template, where nearly all are alike.

Prints processor time, wall time, memory and what is kept; with --verify, how many bulletins of the first tenth are
decided otherwise than by brute force.
"""

import argparse
import random
from pathlib import Path

from contenders import add_run_options, rafid
from definition import definition
from measuring import best, measure_in_turn
from scoring import removed_by_rafid

# fmt: off
CITIES = (
    "الرياض", "جدة", "مكة", "المدينة", "الدمام", "القاهرة", "الإسكندرية", "أسوان", "الأقصر", "طنطا", "بغداد", "البصرة",
    "الموصل", "أربيل", "دمشق", "حلب", "حمص", "اللاذقية", "بيروت", "طرابلس", "صيدا", "عمان", "إربد", "العقبة", "القدس",
    "غزة", "الخليل", "نابلس", "الكويت", "المنامة", "الدوحة", "أبوظبي", "دبي", "الشارقة", "مسقط", "صلالة", "صنعاء",
    "عدن", "تعز", "الخرطوم", "بورتسودان", "تونس", "صفاقس", "سوسة", "الجزائر", "وهران", "قسنطينة", "الرباط", "فاس",
    "مراكش", "طنجة", "أغادير", "نواكشوط", "بنغازي",
)
# fmt: on
TEMPLATE = (
    "تتوقع هيئة الأرصاد الجوية أن يسود مدينة {city} اليوم طقس معتدل نهارا بارد ليلا وتكون الرياح شمالية غربية نشطة "
    "أحيانا وتبلغ درجة الحرارة العظمى {high} درجة مئوية والصغرى {low} درجة وتصل نسبة الرطوبة في الهواء إلى {humidity} "
    "في المئة مع فرصة ضعيفة لسقوط أمطار خفيفة على المرتفعات"
)


def write_bulletins(folder: Path, count: int, per_bundle: int = 50_000, seed: int = 1) -> list[Path]:
    """Bundles of `count` bulletins, ten to a document; the first ones are the same whatever the count."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    bundles = []
    for first in range(0, count, per_bundle):
        bundles.append(folder / f"bundle_{first // per_bundle:03d}.txt")
        with bundles[-1].open("w", encoding="utf-8") as bundle:
            for number in range(first, min(first + per_bundle, count)):
                if number % 10 == 0:
                    bundle.write(f"<<<FILE>>> نشرة {number}\n")
                bundle.write(_bulletin(chance) + "\n")
    return bundles


def _bulletin(chance: random.Random) -> str:
    high = chance.randint(15, 48)
    numbers = {"high": high, "low": high - chance.randint(5, 15), "humidity": chance.randint(5, 95)}
    return TEMPLATE.format(city=chance.choice(CITIES), **numbers)


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    bundles = write_bulletins(work / f"bulletins-{arguments.count}", arguments.count)
    program, output = rafid("Rafid", "--set", f"dedup.threshold={arguments.threshold}"), work / "output" / "bulletins"
    cost = best(measure_in_turn({"bulletins": lambda: program.run(output, bundles)}, arguments.repeat)["bulletins"])
    removed, paragraphs = removed_by_rafid(output, bundles)
    print(f"{paragraphs:,} bulletins, {paragraphs - len(removed):,} kept, threshold {arguments.threshold}")
    print(f"{cost.cpu:.1f} CPU s, {cost.wall:.1f} wall s, peak {cost.peak:,.0f} MB, best of {arguments.repeat}")
    if arguments.verify:
        few = arguments.count // 10
        truth = definition(write_bulletins(work / f"bulletins-{few}", few), arguments.threshold)
        wrong = sum(removed.get(number) != truth.get(number) for number in range(few))
        print(
            f"{wrong} of the first {few:,} bulletins differ from brute force, which keeps {few - len(truth):,} of them"
        )


if __name__ == "__main__":
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--count", type=int, default=200_000, metavar="N", help="bulletins (200,000)")
    command.add_argument("--threshold", type=float, default=0.7, help="what a duplicate is (0.7)")
    add_run_options(command)
    command.add_argument("--verify", action="store_true", help="compare with brute force")
    main(command.parse_args())
