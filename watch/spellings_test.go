package watch

import (
	"fmt"
	"slices"
	"testing"
)

// TestScreenFindsOddSpellings: invented persons, spelt by one system on the list
// and by another, or by ear, in the record. What the scan has far above what is needed
// is not lost by the index.
func TestScreenFindsOddSpellings(t *testing.T) {
	const far = 300
	all := []struct {
		watched string
		records []string
	}{
		{"Григорий Всеволодович Щербатюк", []string{"Gregor Scherbatjuk", "Gregory Scherbatjuk", "Gregor Shcherbatyuk", "Grzegorz Schtscherbatjuk", "Grigorij Chtcherbatiouk", "Griori Szczerbatiuk", "Scerbatjuk Gregor"}},
		{"Вячеслав Андреевич Подъячев", []string{"Podjatschew Wjatscheslaw", "Watscheslaw Podiaczew", "Viacheslav Podyachev", "Slava Podsacev"}},
		{"Евгений Витальевич Ишутченко", []string{"Evgenij Isjoettsjenko", "Eugene Ichouttchenko", "Jewgeni Ischuttschenko"}},
		{"Андрей Юрьевич Журавлинский", []string{"Andreas Schurawlinski", "Andrew Jouravlinskiï", "Andrzej Żurawliński", "Andrew Žuravlinskij"}},
		{"Людмила Фёдоровна Жихарцева", []string{"Ljoedmila Zhixarczeva", "Ludmila Shicharzewa", "Lioudmila Jikhartseva"}},
		{"Пётр Аркадьевич Цурюпин", []string{"Pierre Tsoerjoepin", "Peter Zurjupin", "Piotr Ciuriupin"}},
		{"Shcherbatyuk Gregor", []string{"Щербатюк Григорий", "Chtcherbatiouk Grigori", "Szczerbatiuk Grzegorz"}},
		{"عبد القادر بن يوسف الشرقاوي", []string{"Abdelkader Benyoussef Cherkaoui", "Abdalkadir Ibn Jussuf Scharkawi", "Abdulqadir Yusuf al-Sharqawi"}},
		{"محمد خالد الجزائري", []string{"Mohamed Khaled El Djazairi", "Mohammed Chalid Aldschasairi"}},
		{"گلبدین وردکزی", []string{"Gulbuddin Wardakzai", "Golbadin Vardakzay", "Gulbadin Wardaksai"}},
		{"Dušan Živojinčević", []string{"Duschan Schiwojintschewitsch", "Душан Живоинчевић", "Dushan Zivojincevic"}},
		{"Levente Szentgyörgyvári", []string{"Levente Sentdjerdjvari", "Левенте Сентдьёрдьвари"}},
		{"José María Echeverrigaray", []string{"Jose Maria Etcheverrigaray", "Хосе Мария Эчеверригарай"}},
	}
	x := New(model(t))
	for i, p := range all {
		put(t, x, person(fmt.Sprint(i), fmt.Sprintf("%d-03-07", 1950+i), p.watched))
	}
	s, clear := x.NewScreener(), 0
	for i, p := range all {
		for _, name := range p.records {
			for _, born := range []string{"%d-03-07", "%d-07-03", ""} {
				if born != "" {
					born = fmt.Sprintf(born, 1950+i)
				}
				r := record(name, born)
				found := hitIDs(s.Screen(r))
				for _, h := range x.Scan(r) {
					e := &h.Explanation
					if h.Subject != SubjectID(fmt.Sprint(i)) || e.Points-e.Needed <= far {
						continue
					}
					if clear++; !slices.Contains(found, h.Subject) {
						t.Errorf("%q, born %q: %q is missed, %+d where %+d is needed", name, born, p.watched, e.Points, e.Needed)
					}
				}
			}
		}
	}
	if clear < 100 {
		t.Errorf("%d clear hits are to be found", clear)
	}
}

// TestDayOfBirthAlone: neither the day of birth makes a hit by itself, nor does it
// lead to everybody where many have the same.
func TestDayOfBirthAlone(t *testing.T) {
	x := New(model(t))
	put(t, x, person("sought", "1984-03-07", "Григорий Всеволодович Щербатюк"))
	s := x.NewScreener()
	if got := s.Screen(record("Quentin Vandermeersch", "1984-03-07")); len(got) != 0 {
		t.Errorf("%v are hits by the day alone", hitIDs(got))
	}
	reached := func() (n int) {
		s.met.reset()
		r := record("Quentin Vandermeersch", "1984-03-07")
		s.candidates(realmPerson, ask(&r, &s.parser).persons, &r, bestCompared)
		return s.met.n
	}
	for i := range dayShares {
		if got := reached(); got != 1+i {
			t.Fatalf("%d of %d of that day are compared", got, 1+i)
		}
		put(t, x, person(fmt.Sprint(i), "1984-03-07", "Иван Петрович Сидоров"))
	}
	if got := reached(); got != 0 {
		t.Errorf("%d of a crowd of that day are compared", got)
	}
}
