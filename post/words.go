package post

import (
	"fmt"
	"strings"
	"time"

	"heed"
)

// phrases are a letter's own words in one language.
type phrases struct {
	tag     string
	subject map[Sort]string // with the code
	warns, waits, reminds, recalls,
	asked, within, agreed, assumed,
	notOnRecord, missing,
	enclosed, howToReply, whoReplies, quote,
	telephone, mail, languages,
	facts, urgency, severity, certainty, handling, source, reference,
	legalBasis, askFirst, purposes, releaseTo, deleteAfter,
	when, from, until, where, radius, who, what, weAsk, askedBy, standing, standingUntil string
	replies map[heed.EntryKind]string
	results map[string]string
	duties  map[heed.DutyKind]string
	// terms are those of CAP 1.2, what is asked, purposes, and what documents and
	// vehicles are, as people say them; a term that is not here stands as it is in the
	// warning
	terms map[string]string
	// units by minutes, hours and days: one, and several
	units [3][2]string
}

func (p phrases) duty(k heed.DutyKind) string {
	if w, ok := p.duties[k]; ok {
		return w
	}
	return k.Words()
}

// term is a term of the warning in the letter's language.
func (p phrases) term(code string) string {
	if w, ok := p.terms[code]; ok {
		return w
	}
	return strings.ReplaceAll(code, "-", " ")
}

// word is a word that the warning's author chose freely, where it is a usual one.
func (p phrases) word(s string) string {
	if w, ok := p.terms[s]; ok {
		return w
	}
	return s
}

func (p phrases) result(code string) string {
	if w, ok := p.results[code]; ok {
		return w
	}
	return code
}

// span writes a response time in the largest unit that says it exactly.
func (p phrases) span(d time.Duration) string {
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= unit && d%unit == 0 && (i > 0 || d > 24*time.Hour) {
			n := int64(d / unit)
			words := p.units[2-i]
			if n == 1 {
				return fmt.Sprintf("1 %s", words[0])
			}
			return fmt.Sprintf("%d %s", n, words[1])
		}
	}
	return d.String()
}

// words are those of the first of the contact's languages that there are any in.
func (l Letter) words() phrases {
	for _, wanted := range l.To.Language {
		switch base(wanted) {
		case "en":
			return english
		case "de":
			return german
		case "fr":
			return french
		}
	}
	return english
}

var english = phrases{
	tag: "en",
	subject: map[Sort]string{
		Warns: "Warning, case %s", Waits: "A letter waits for you, case %s", Reminds: "Reminder, case %s", Replies: "Our reply, case %s", Recalls: "Withdrawal of our warning, case %s",
	},
	warns:   "%s warns you of the following.",
	waits:   "%s has a letter for you. What it says must not go by plain mail. Please ring us, or send somebody for it, and quote the case code.",
	reminds: "%s wrote to you in case %s. We have no reply on record.",
	recalls: "%s withdraws its warning in case %s. You need not reply to it any more.",
	asked:   "What we ask of you", within: "your %s within %s of receiving this letter",
	agreed: "These times are those agreed in: %s.", assumed: "These are the times by which we count. You have not agreed to any.",
	notOnRecord: "Not on record", missing: "your %s, due %s",
	enclosed: "Enclosed", howToReply: "How to reply", whoReplies: "Tell us who you are, what you reply, and when.",
	quote:     "Please quote the case code %s in whatever you say or write about this.",
	telephone: "Telephone", mail: "Mail", languages: "We speak",
	facts: "In short", urgency: "Urgency", severity: "Severity", certainty: "Certainty", handling: "Handling", source: "Source", reference: "Our file",
	legalBasis: "Legal basis", askFirst: "Ask us before you pass any of it on", purposes: "Only for", releaseTo: "May be passed on, without asking us, to", deleteAfter: "Erase it after",
	when: "When", from: "from %s", until: "until %s", where: "Where", radius: "within %d m", who: "Who", what: "What to look for",
	weAsk: "We ask you to", askedBy: "if possible by %s", standing: "for whatever happens later, until we take it back", standingUntil: "for whatever happens later, until %s",
	replies: map[heed.EntryKind]string{
		heed.EntryAcknowledged: "%s has received your warning, case %s.", heed.EntryAssessed: "%s has assessed your warning, case %s:",
		heed.EntryAnswered: "%s answers your question in case %s.", heed.EntryActed: "%s has acted on your warning, case %s.",
		heed.EntryConcluded: "%s has concluded the matter of your warning, case %s:", heed.EntryRefused: "%s does not take your warning, case %s, further:",
	},
	results: map[string]string{
		"credible": "credible", "partly-credible": "partly credible", "not-credible": "not credible", "cannot-assess": "it cannot be assessed",
		"averted": "averted, as we state it", "occurred": "it occurred", "unfounded": "unfounded", "expired": "expired", "transferred": "handed on to another authority",
		"political-military-religious-racial": "its character is political, military, religious or racial", "not-competent": "we are not competent", "insufficient-grounds": "the grounds are not sufficient", "handling-conflict": "its handling forbids it", "duplicate": "we have it already", "unlawful-here": "it would be unlawful here",
	},
	duties: map[heed.DutyKind]string{heed.DutyAcknowledge: "acknowledgement", heed.DutyAssess: "assessment", heed.DutyAnswer: "answer", heed.DutyReport: "report of what you did", heed.DutyConclude: "word on how it ended"},
	terms:  map[string]string{"sex-other": "other"},
	units:  [3][2]string{{"minute", "minutes"}, {"hour", "hours"}, {"day", "days"}},
}

var german = phrases{
	tag: "de",
	subject: map[Sort]string{
		Warns: "Warnung, Fall %s", Waits: "Ein Schreiben liegt für Sie bereit, Fall %s", Reminds: "Erinnerung, Fall %s", Replies: "Unsere Antwort, Fall %s", Recalls: "Rücknahme unserer Warnung, Fall %s",
	},
	warns:   "%s warnt Sie vor Folgendem.",
	waits:   "%s hat ein Schreiben für Sie. Sein Inhalt darf nicht mit offener E-Mail versandt werden. Bitte rufen Sie uns an oder lassen Sie es abholen, und nennen Sie den Fallcode.",
	reminds: "%s hat Ihnen im Fall %s geschrieben. Bei uns ist keine Antwort vermerkt.",
	recalls: "%s nimmt die Warnung im Fall %s zurück. Sie brauchen darauf nicht mehr zu antworten.",
	asked:   "Was wir von Ihnen erbitten", within: "Ihre %s innerhalb von %s nach Erhalt dieses Schreibens",
	agreed: "Diese Fristen sind vereinbart in: %s.", assumed: "Nach diesen Fristen rechnen wir. Sie haben keiner zugestimmt.",
	notOnRecord: "Nicht vermerkt", missing: "Ihre %s, fällig %s",
	enclosed: "Anlagen", howToReply: "So antworten Sie", whoReplies: "Sagen Sie uns, wer Sie sind, was Sie antworten und wann.",
	quote:     "Bitte nennen Sie in allem, was Sie dazu sagen oder schreiben, den Fallcode %s.",
	telephone: "Telefon", mail: "E-Mail", languages: "Wir sprechen",
	facts: "Kurz gefasst", urgency: "Dringlichkeit", severity: "Schwere", certainty: "Gewissheit", handling: "Handhabung", source: "Quelle", reference: "Unser Zeichen",
	legalBasis: "Rechtsgrundlage", askFirst: "Fragen Sie uns, bevor Sie etwas davon weitergeben", purposes: "Nur zu diesen Zwecken", releaseTo: "Darf ohne Rückfrage weitergegeben werden an", deleteAfter: "Zu löschen nach",
	when: "Wann", from: "ab %s", until: "bis %s", where: "Wo", radius: "im Umkreis von %d m", who: "Wer", what: "Worauf zu achten ist",
	weAsk: "Wir bitten Sie um", askedBy: "möglichst bis %s", standing: "auch für alles Spätere, bis wir es zurücknehmen", standingUntil: "auch für alles Spätere, bis %s",
	replies: map[heed.EntryKind]string{
		heed.EntryAcknowledged: "%s hat Ihre Warnung erhalten, Fall %s.", heed.EntryAssessed: "%s hat Ihre Warnung bewertet, Fall %s:",
		heed.EntryAnswered: "%s beantwortet Ihre Frage im Fall %s.", heed.EntryActed: "%s ist auf Ihre Warnung hin tätig geworden, Fall %s.",
		heed.EntryConcluded: "%s hat die Sache Ihrer Warnung abgeschlossen, Fall %s:", heed.EntryRefused: "%s verfolgt Ihre Warnung nicht weiter, Fall %s:",
	},
	results: map[string]string{
		"credible": "glaubhaft", "partly-credible": "teilweise glaubhaft", "not-credible": "nicht glaubhaft", "cannot-assess": "nicht zu bewerten",
		"averted": "abgewendet, nach unserer Angabe", "occurred": "eingetreten", "unfounded": "unbegründet", "expired": "erledigt durch Zeitablauf", "transferred": "an eine andere Stelle abgegeben",
		"political-military-religious-racial": "sie ist politischer, militärischer, religiöser oder rassischer Art", "not-competent": "wir sind nicht zuständig", "insufficient-grounds": "die Gründe reichen nicht aus", "handling-conflict": "die Handhabung verbietet es", "duplicate": "sie liegt uns schon vor", "unlawful-here": "es wäre hier rechtswidrig",
	},
	duties: map[heed.DutyKind]string{heed.DutyAcknowledge: "Bestätigung", heed.DutyAssess: "Bewertung", heed.DutyAnswer: "Antwort", heed.DutyReport: "Mitteilung, was Sie unternommen haben", heed.DutyConclude: "Mitteilung, wie es ausging"},
	terms: map[string]string{
		"Immediate": "sofort", "Expected": "bald", "Future": "später", "Past": "vergangen", "Unknown": "unbekannt",
		"Extreme": "äußerst schwer", "Severe": "schwer", "Moderate": "mäßig", "Minor": "gering",
		"Observed": "beobachtet", "Likely": "wahrscheinlich", "Possible": "möglich", "Unlikely": "unwahrscheinlich",
		"acknowledge": "Bestätigung", "assess": "Bewertung", "answer": "Antwort", "notify-target": "Unterrichtung der Bedrohten", "protect-target": "Schutz der Bedrohten",
		"locate": "Ermittlung des Aufenthalts", "identify": "Feststellung der Identität", "observe": "Beobachtung", "stop-and-check": "Anhalten und Überprüfen",
		"detain-if-seen": "Festhalten bei Antreffen", "refuse-entry": "Verweigerung der Einreise", "report-travel": "Mitteilung von Reisen", "report-contact": "Mitteilung von Kontakten",
		"report-hit": "Mitteilung von Treffern", "freeze-assets": "Einfrieren von Vermögen", "mitigate": "Abhilfe", "preserve-evidence": "Sicherung von Spuren und Daten",
		"do-not-alert": "Stillschweigen gegenüber den Betroffenen", "send-information": "Übersendung von Erkenntnissen", "other": "Weiteres",
		"protection-of-life": "Schutz von Leben", "prevention": "Verhütung von Straftaten", "investigation": "Ermittlung", "prosecution": "Strafverfolgung",
		"national-security": "nationale Sicherheit", "border-control": "Grenzkontrolle", "event-security": "Sicherheit von Veranstaltungen", "network-defence": "Schutz von Netzen",
		"financial-analysis": "Finanzermittlung", "public-health": "öffentliche Gesundheit", "humanitarian": "humanitäre Zwecke", "exercise": "Übung",
		"female": "weiblich", "male": "männlich", "sex-other": "divers",
		"passport": "Pass", "identity-card": "Personalausweis", "residence-permit": "Aufenthaltstitel", "visa": "Visum", "driving-licence": "Führerschein", "travel-document": "Reiseausweis",
		"seamans-book": "Seefahrtsbuch", "birth-certificate": "Geburtsurkunde", "national-number": "Personenkennzahl", "tax-number": "Steuernummer",
		"social-security-number": "Sozialversicherungsnummer", "weapons-licence": "Waffenschein",
		"car": "Auto", "van": "Lieferwagen", "lorry": "Lastwagen", "truck": "Lastwagen", "bus": "Bus", "motorcycle": "Motorrad", "trailer": "Anhänger", "vessel": "Schiff", "boat": "Boot", "aircraft": "Luftfahrzeug",
	},
	units: [3][2]string{{"Minute", "Minuten"}, {"Stunde", "Stunden"}, {"Tag", "Tagen"}},
}

var french = phrases{
	tag: "fr",
	subject: map[Sort]string{
		Warns: "Avertissement, dossier %s", Waits: "Une lettre vous attend, dossier %s", Reminds: "Rappel, dossier %s", Replies: "Notre réponse, dossier %s", Recalls: "Retrait de notre avertissement, dossier %s",
	},
	warns:   "%s vous avertit de ce qui suit.",
	waits:   "%s a une lettre pour vous. Son contenu ne doit pas circuler par courrier électronique ordinaire. Veuillez nous appeler ou la faire chercher, en citant le code du dossier.",
	reminds: "%s vous a écrit dans le dossier %s. Nous n'avons enregistré aucune réponse.",
	recalls: "%s retire son avertissement dans le dossier %s. Vous n'avez plus à y répondre.",
	asked:   "Ce que nous vous demandons", within: "votre %s dans un délai de %s après réception de cette lettre",
	agreed: "Ces délais sont ceux convenus dans : %s.", assumed: "Nous comptons d'après ces délais. Vous n'en avez accepté aucun.",
	notOnRecord: "Non enregistré", missing: "votre %s, à donner au plus tard le %s",
	enclosed: "Pièces jointes", howToReply: "Comment répondre", whoReplies: "Dites-nous qui vous êtes, ce que vous répondez et quand.",
	quote:     "Veuillez citer le code %s dans tout ce que vous direz ou écrirez à ce sujet.",
	telephone: "Téléphone", mail: "Courriel", languages: "Nous parlons",
	facts: "En bref", urgency: "Urgence", severity: "Gravité", certainty: "Certitude", handling: "Traitement", source: "Source", reference: "Notre référence",
	legalBasis: "Base légale", askFirst: "Consultez-nous avant d'en transmettre quoi que ce soit", purposes: "Uniquement à ces fins", releaseTo: "Peut être transmis sans nous consulter à", deleteAfter: "À effacer après",
	when: "Quand", from: "à partir du %s", until: "jusqu'au %s", where: "Où", radius: "dans un rayon de %d m", who: "Qui", what: "À rechercher",
	weAsk: "Nous vous prions de", askedBy: "si possible avant le %s", standing: "aussi pour tout ce qui suivra, jusqu'à ce que nous y renoncions", standingUntil: "aussi pour tout ce qui suivra, jusqu'au %s",
	replies: map[heed.EntryKind]string{
		heed.EntryAcknowledged: "%s a reçu votre avertissement, dossier %s.", heed.EntryAssessed: "%s a évalué votre avertissement, dossier %s :",
		heed.EntryAnswered: "%s répond à votre question dans le dossier %s.", heed.EntryActed: "%s a agi à la suite de votre avertissement, dossier %s.",
		heed.EntryConcluded: "%s a conclu l'affaire de votre avertissement, dossier %s :", heed.EntryRefused: "%s ne donne pas suite à votre avertissement, dossier %s :",
	},
	results: map[string]string{
		"credible": "crédible", "partly-credible": "partiellement crédible", "not-credible": "non crédible", "cannot-assess": "impossible à évaluer",
		"averted": "écarté, selon nous", "occurred": "survenu", "unfounded": "infondé", "expired": "caduc", "transferred": "transmis à une autre autorité",
		"political-military-religious-racial": "il est de caractère politique, militaire, religieux ou racial", "not-competent": "nous ne sommes pas compétents", "insufficient-grounds": "les motifs sont insuffisants", "handling-conflict": "ses règles de traitement l'interdisent", "duplicate": "nous l'avons déjà", "unlawful-here": "ce serait illégal ici",
	},
	duties: map[heed.DutyKind]string{heed.DutyAcknowledge: "accusé de réception", heed.DutyAssess: "évaluation", heed.DutyAnswer: "réponse", heed.DutyReport: "compte rendu des mesures prises", heed.DutyConclude: "conclusion"},
	terms: map[string]string{
		"Immediate": "immédiate", "Expected": "prochaine", "Future": "ultérieure", "Past": "passée", "Unknown": "inconnue",
		"Extreme": "extrême", "Severe": "élevée", "Moderate": "modérée", "Minor": "faible",
		"Observed": "constatée", "Likely": "probable", "Possible": "possible", "Unlikely": "improbable",
		"acknowledge": "accuser réception", "assess": "évaluer", "answer": "répondre", "notify-target": "prévenir les personnes visées", "protect-target": "protéger les personnes visées",
		"locate": "localiser", "identify": "identifier", "observe": "observer", "stop-and-check": "arrêter et contrôler",
		"detain-if-seen": "retenir en cas de découverte", "refuse-entry": "refuser l'entrée", "report-travel": "signaler les déplacements", "report-contact": "signaler les contacts",
		"report-hit": "signaler toute concordance", "freeze-assets": "geler les avoirs", "mitigate": "remédier", "preserve-evidence": "conserver traces et données",
		"do-not-alert": "ne pas alerter les intéressés", "send-information": "transmettre des informations", "other": "autre",
		"protection-of-life": "protection de la vie", "prevention": "prévention des infractions", "investigation": "enquête", "prosecution": "poursuites",
		"national-security": "sécurité nationale", "border-control": "contrôle aux frontières", "event-security": "sécurité d'événements", "network-defence": "défense des réseaux",
		"financial-analysis": "analyse financière", "public-health": "santé publique", "humanitarian": "fins humanitaires", "exercise": "exercice",
		"female": "femme", "male": "homme", "sex-other": "autre",
		"passport": "passeport", "identity-card": "carte d'identité", "residence-permit": "titre de séjour", "visa": "visa", "driving-licence": "permis de conduire", "travel-document": "titre de voyage",
		"seamans-book": "livret maritime", "birth-certificate": "acte de naissance", "national-number": "numéro national", "tax-number": "numéro fiscal",
		"social-security-number": "numéro de sécurité sociale", "weapons-licence": "permis de port d'arme",
		"car": "voiture", "van": "fourgonnette", "lorry": "camion", "truck": "camion", "bus": "autobus", "motorcycle": "moto", "trailer": "remorque", "vessel": "navire", "boat": "bateau", "aircraft": "aéronef",
	},
	units: [3][2]string{{"minute", "minutes"}, {"heure", "heures"}, {"jour", "jours"}},
}
