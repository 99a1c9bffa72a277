package watch

import (
	"time"

	"heed"
)

// BirthRelation is what two dates of birth have in common: the category whose
// weight counts. weights.json has a log-likelihood ratio for each.
type BirthRelation string

// The relations, the strongest first. Where several hold, the first counts.
const (
	BirthExact         BirthRelation = "exact"         // the same day
	BirthSwapped       BirthRelation = "swapped"       // day and month change places
	BirthYearOffOne    BirthRelation = "year-off-1"    // same day and month, the next or the previous year
	BirthDecade        BirthRelation = "decade"        // same day and month, ten years apart
	BirthYearDigit     BirthRelation = "year-digit"    // same day and month, another digit of the year differs, or two changed places
	BirthDayDigit      BirthRelation = "day-digit"     // same year and month, one digit of the day differs or its two changed places
	BirthMonthDigit    BirthRelation = "month-digit"   // same year and day, one digit of the month differs or its two changed places
	BirthJanuaryFirst  BirthRelation = "1-january"     // same year, and one or both are 1 January: what is written when only the year is known
	BirthMonthAgrees   BirthRelation = "month-agrees"  // same year and month, and one of them says no more
	BirthYearAgrees    BirthRelation = "year-agrees"   // same year, and one of them says no more
	BirthWithin        BirthRelation = "within"        // one is approximate or a range, and they overlap; or swappedWithin
	BirthDayDiffers    BirthRelation = "day-differs"   // same year and month
	BirthMonthDiffers  BirthRelation = "month-differs" // same year and day of the month
	BirthYearDiffers   BirthRelation = "year-differs"  // same day and month
	BirthSameYear      BirthRelation = "same-year"     // nothing but the year
	BirthYearNear      BirthRelation = "year-near"     // one says no more than the year, and it is the next or previous one
	BirthUnknown       BirthRelation = "unknown"       // one of them is not known: no evidence
	BirthContradiction BirthRelation = "contradiction" // none of these: counts against, and never decides alone
)

// BirthRelations lists all relations but BirthUnknown, the strongest first.
func BirthRelations() []BirthRelation {
	return []BirthRelation{
		BirthExact, BirthSwapped, BirthYearOffOne, BirthDecade, BirthYearDigit, BirthDayDigit, BirthMonthDigit,
		BirthJanuaryFirst, BirthMonthAgrees, BirthYearAgrees, BirthWithin, BirthDayDiffers, BirthMonthDiffers,
		BirthYearDiffers, BirthSameYear, BirthYearNear, BirthContradiction,
	}
}

// circaYears is how far an approximate date reaches on either side: EDTF leaves
// it to the reader, and lists of wanted persons use it for a guess from looks.
const circaYears = 2

// RelateBirths says what two dates of birth have in common. It is symmetric.
func RelateBirths(a, b heed.Birth) BirthRelation {
	if a.IsZero() || b.IsZero() {
		return BirthUnknown
	}
	if a.Precision() == heed.PrecisionDay && b.Precision() == heed.PrecisionDay {
		return relateDays(a.From, b.From)
	}
	relation, _ := relateVague(a, b)
	return relation
}

func relateDays(a, b heed.PartialDate) BirthRelation {
	sameDay, sameMonth, sameYear := a.Day == b.Day, a.Month == b.Month, a.Year == b.Year
	switch {
	case sameYear && (isJanuaryFirst(a) || isJanuaryFirst(b)):
		return BirthJanuaryFirst
	case sameDay && sameMonth && sameYear:
		return BirthExact
	case sameYear && a.Day == b.Month && a.Month == b.Day:
		return BirthSwapped
	case sameDay && sameMonth:
		switch years := apart(a.Year, b.Year); {
		case years == 1:
			return BirthYearOffOne
		case years == 10:
			return BirthDecade
		case oneSlip(a.Year, b.Year, 4):
			return BirthYearDigit
		}
		return BirthYearDiffers
	case sameYear && sameMonth:
		if oneSlip(a.Day, b.Day, 2) {
			return BirthDayDigit
		}
		return BirthDayDiffers
	case sameYear && sameDay:
		if oneSlip(a.Month, b.Month, 2) {
			return BirthMonthDigit
		}
		return BirthMonthDiffers
	case sameYear:
		return BirthSameYear
	}
	return BirthContradiction
}

// relateVague relates dates of which one at least is not a day, and tells whether
// they only agree once day and month change places.
func relateVague(a, b heed.Birth) (relation BirthRelation, swapped bool) {
	firstA, lastA := a.Bounds()
	firstB, lastB := b.Bounds()
	plain := !a.Circa && !b.Circa && a.To == heed.PartialDate{} && b.To == heed.PartialDate{}
	if a.Circa {
		firstA, lastA = firstA.AddDate(-circaYears, 0, 0), lastA.AddDate(circaYears, 0, 0)
	}
	if b.Circa {
		firstB, lastB = firstB.AddDate(-circaYears, 0, 0), lastB.AddDate(circaYears, 0, 0)
	}
	overlap := !firstA.After(lastB) && !firstB.After(lastA)
	switch {
	case overlap && !plain:
		return BirthWithin, false
	case overlap && a.From.Month != 0 && b.From.Month != 0:
		return BirthMonthAgrees, false
	case overlap:
		return BirthYearAgrees, false
	case swappedWithin(a, b) || swappedWithin(b, a):
		return BirthWithin, true
	case plain && a.From.Year == b.From.Year && (isJanuaryFirst(a.From) || isJanuaryFirst(b.From)):
		return BirthYearAgrees, false
	case plain && a.From.Year == b.From.Year:
		return BirthSameYear, false
	case plain && apart(a.From.Year, b.From.Year) == 1:
		return BirthYearNear, false
	}
	return BirthContradiction, false
}

// swappedWithin reports whether the day, with its month changed over, lies in the
// month or the range. Of N days, chance puts a swapped day there N times as often
// as on one day, and the error is no rarer, so that this is worth what a swap is
// less log N: with the fitted weights more than BirthWithin for all months and
// ranges of some ten months at most, and about as much for a whole year. Beyond one
// year it is worth less and less, and does not count.
func swappedWithin(day, vague heed.Birth) bool {
	d := day.From
	if birthDay(day) == 0 || vague.Circa || d.Day > 12 || d.Year != vague.From.Year {
		return false // nearly all, and cheaply
	}
	first, last := vague.Bounds()
	if first.Year() != last.Year() {
		return false
	}
	swapped := time.Date(d.Year, time.Month(d.Day), d.Month, 0, 0, 0, 0, time.UTC)
	return !swapped.Before(first) && !swapped.After(last)
}

func isJanuaryFirst(d heed.PartialDate) bool { return d.Month == 1 && d.Day == 1 }

func apart(a, b int) int {
	if a < b {
		return b - a
	}
	return a - b
}

// oneSlip reports whether the numbers, of so many digits, differ by one wrong
// digit or by two neighbouring digits that changed places.
func oneSlip(a, b, digits int) bool {
	var da, db [4]int
	for i := digits - 1; i >= 0; i-- {
		da[i], db[i] = a%10, b%10
		a, b = a/10, b/10
	}
	wrong, first := 0, -1
	for i := range digits {
		if da[i] != db[i] {
			if wrong++; first < 0 {
				first = i
			}
		}
	}
	switch wrong {
	case 1:
		return true
	case 2:
		return first+1 < digits && da[first] == db[first+1] && da[first+1] == db[first]
	}
	return false
}

// sameDay reports whether the dates are one day, but for a slip.
func (r BirthRelation) sameDay() bool {
	switch r {
	case BirthExact, BirthSwapped, BirthYearOffOne, BirthDecade, BirthYearDigit, BirthDayDigit, BirthMonthDigit:
		return true
	}
	return false
}

// Words says in a sentence's tail what the relation is.
func (r BirthRelation) Words() string {
	switch r {
	case BirthExact:
		return "the same day"
	case BirthSwapped:
		return "day and month change places"
	case BirthYearOffOne:
		return "the same day and month, one year apart"
	case BirthDecade:
		return "the same day and month, ten years apart"
	case BirthYearDigit:
		return "the same day and month, one slip in the year"
	case BirthDayDigit:
		return "the same year and month, one slip in the day"
	case BirthMonthDigit:
		return "the same year and day, one slip in the month"
	case BirthJanuaryFirst:
		return "the same year; 1 January is often written where only the year is known"
	case BirthMonthAgrees:
		return "the same year and month; one of them says no more"
	case BirthYearAgrees:
		return "the same year; one of them says no more"
	case BirthWithin:
		return "one of them is approximate, and the other lies within it"
	case BirthDayDiffers:
		return "the same year and month, another day"
	case BirthMonthDiffers:
		return "the same year and day, another month"
	case BirthYearDiffers:
		return "the same day and month, another year"
	case BirthSameYear:
		return "the same year, nothing else"
	case BirthYearNear:
		return "neighbouring years; one of them says no more"
	case BirthContradiction:
		return "nothing in common"
	}
	return "one of them is not known"
}

// Words says in a sentence's tail what the two dates have in common.
func (e *BirthEvidence) Words() string {
	if e.Relation == BirthWithin {
		a, errA := heed.ParseBirth(e.Record)
		b, errB := heed.ParseBirth(e.Subject)
		if errA == nil && errB == nil {
			if _, swapped := relateVague(a, b); swapped {
				return "one of them is less than a day, and the other lies within it where day and month change places"
			}
		}
	}
	return e.Relation.Words()
}

// birthDay packs a day for the index: 0 where the date is not a day.
func birthDay(b heed.Birth) uint32 {
	if b.Precision() != heed.PrecisionDay {
		return 0
	}
	return packDay(b.From.Year, b.From.Month, b.From.Day)
}

func packDay(year, month, day int) uint32 {
	return uint32(year)<<9 | uint32(month)<<5 | uint32(day)
}

func unpackDay(day uint32) heed.PartialDate {
	return heed.PartialDate{Year: int(day >> 9), Month: int(day >> 5 & 0xf), Day: int(day & 0x1f)}
}

// kindredDays are the days whose relation to the date is strong enough that a
// shared word may make a hit: the second way into the index. At most 80.
func kindredDays(b heed.Birth, into []uint32) []uint32 {
	day := birthDay(b)
	if day == 0 {
		return into
	}
	d := b.From
	into = append(into, day)
	if !isJanuaryFirst(d) {
		into = append(into, packDay(d.Year, 1, 1))
	}
	if d.Day <= 12 && d.Day != d.Month {
		into = append(into, packDay(d.Year, d.Day, d.Month))
	}
	for _, years := range [...]int{1, 10} {
		into = append(into, packDay(d.Year-years, d.Month, d.Day), packDay(d.Year+years, d.Month, d.Day))
	}
	for place := 1; place <= 1000; place *= 10 {
		digit := d.Year / place % 10
		if before := d.Year / place / 10 % 10; before != digit {
			// The two change places.
			if year := d.Year + (before-digit)*place + (digit-before)*place*10; year >= 1800 && year <= 2199 {
				into = append(into, packDay(year, d.Month, d.Day))
			}
		}
		for other := range 10 {
			year := d.Year + (other-digit)*place
			if other != digit && apart(year, d.Year) != 1 && apart(year, d.Year) != 10 && year >= 1800 && year <= 2199 {
				into = append(into, packDay(year, d.Month, d.Day))
			}
		}
	}
	for other := 1; other <= 31; other++ {
		if other != d.Day && oneSlip(other, d.Day, 2) {
			into = append(into, packDay(d.Year, d.Month, other))
		}
	}
	for other := 1; other <= 12; other++ {
		if other != d.Month && (other != 1 || d.Day != 1) { // 1 January is there
			into = append(into, packDay(d.Year, other, d.Day))
		}
	}
	return into
}

// vagueYears are the years under which a date that is less than a day is entered:
// all that it may lie in, and 0 for one that may lie in too many.
func vagueYears(b heed.Birth, into []uint32) []uint32 {
	if b.IsZero() || birthDay(b) != 0 {
		return into
	}
	first, last := b.Bounds()
	from, to := first.Year(), last.Year()
	if b.Circa {
		from, to = from-circaYears, to+circaYears
	}
	const most = 12
	if to-from >= most {
		return append(into, 0)
	}
	for year := from; year <= to; year++ {
		into = append(into, uint32(max(year, 1)))
	}
	return into
}
