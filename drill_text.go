package heed

import (
	"slices"
	"strings"
)

// drillMark begins the headline of a built-in exercise, in whatever language.
const drillMark = "EXERCISE EXERCISE EXERCISE"

// drillText is what a built-in exercise says in one language.
type drillText struct {
	language       Language
	headline, text string
}

// drillTexts are the built-in ones. The first stands beside every other.
var drillTexts = []drillText{
	{"en", "please acknowledge and assess", "This is an exercise. Nothing has happened. Please acknowledge and assess this message as you would a real warning."},
	{"de", "Übung: bitte bestätigen und bewerten", "Dies ist eine Übung. Es ist nichts geschehen. Bitte bestätigen und bewerten Sie diese Meldung wie eine echte Warnung."},
	{"es", "Ejercicio: acuse recibo y evalúe", "Esto es un ejercicio. No ha ocurrido nada. Acuse recibo de este mensaje y evalúelo como si fuera una advertencia real."},
	{"fr", "Exercice : merci d’accuser réception et d’évaluer", "Ceci est un exercice. Il ne s’est rien passé. Merci d’accuser réception de ce message et de l’évaluer comme une alerte réelle."},
	{"it", "Esercitazione: confermare e valutare", "Questa è un’esercitazione. Non è accaduto nulla. Si prega di confermare e valutare questo messaggio come un avviso reale."},
	{"nl", "Oefening: bevestig en beoordeel", "Dit is een oefening. Er is niets gebeurd. Bevestig en beoordeel dit bericht zoals een echte waarschuwing."},
	{"pl", "Ćwiczenie: proszę potwierdzić i ocenić", "To jest ćwiczenie. Nic się nie stało. Proszę potwierdzić i ocenić tę wiadomość tak jak prawdziwe ostrzeżenie."},
	{"pt", "Exercício: confirme e avalie", "Isto é um exercício. Não aconteceu nada. Confirme e avalie esta mensagem como se fosse um aviso real."},
	{"ru", "Учение: просим подтвердить и оценить", "Это учение. Ничего не произошло. Просим подтвердить получение этого сообщения и оценить его как настоящее предупреждение."},
	{"uk", "Навчання: просимо підтвердити й оцінити", "Це навчання. Нічого не сталося. Просимо підтвердити отримання цього повідомлення й оцінити його як справжнє попередження."},
}

// DrillWarning is the exercise that is sent where nobody has written one: in
// the first language of the desk, the ladder's first rung, that there is a text
// in, with English beside it; else in English. It is Immediate, for that is the
// clock on which lives hang. Under terms, which are the zero Accord where there
// are none, its handling is one that they admit.
func DrillWarning(desk Ladder, terms Accord) Warning {
	said := drillTexts[0]
	if len(desk) > 0 {
		said = drillTextIn(desk[0].Languages)
	}
	w := Warning{
		Headline: drillMark + ": " + said.headline, Language: said.language,
		Narratives: []Narrative{{Language: said.language, Text: said.text}},
		Category:   CategoryOther, Urgency: UrgencyImmediate, Severity: SeverityUnknown, Certainty: CertaintyUnknown, Status: StatusExercise,
		Asks:     []Ask{{Code: AskAcknowledge}, {Code: AskAssess}},
		Handling: Handling{TLP: TLPGreen},
	}
	if english := drillTexts[0]; said.language != english.language {
		w.Narratives = append(w.Narratives, Narrative{Language: english.language, Headline: drillMark + ": " + english.headline, Text: english.text})
	}
	if w.Handling.TLP.StricterThan(terms.Ceiling.TLP) {
		w.Handling.TLP = terms.Ceiling.TLP
	}
	if terms.ID.IsZero() || slices.Contains(terms.Purposes, PurposeExercise) {
		w.Handling.Purposes = []Purpose{PurposeExercise}
	}
	return w
}

// drillTextIn picks the text for the first of the BCP 47 tags, separated by
// spaces, whose language there is one in.
func drillTextIn(tags string) drillText {
	for _, tag := range strings.Fields(tags) {
		language, _, _ := strings.Cut(strings.ToLower(tag), "-")
		for _, t := range drillTexts {
			if string(t.language) == language {
				return t
			}
		}
	}
	return drillTexts[0]
}
