"""The table of words by which answers are read: what people write, by language and meaning.

Kept small and literal on purpose, so that a receptionist can read it, and add to it. Phrases are in
lower case, without accents and apostrophes ("dont", "si"); the longest one that fits counts.
reply_reading.py says how they are put together, and what a "not" before them does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """What a word or phrase says."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    # To come or not to come: a promise, or with a "not" a cancellation.
    COME = "come"
    CANNOT_COME = "cannot_come"
    # A yes or a no to whatever was asked; it counts where nothing else is said.
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    # Speaks against a cancellation, and against nothing else: a question, a condition, a mistake,
    # or something other than this visit.
    DOUBTFUL = "doubtful"
    # Wants no more texts: wherever it stands, or where it is a sentence of its own.
    STOP = "stop"
    STOP_ALONE = "stop_alone"
    STOP_CALLS_TOO = "stop_calls_too"
    WRONG_PERSON = "wrong_person"
    # Holds a word of the table in another sense, and answers nothing.
    OTHER_SENSE = "other_sense"
    NEUTRAL = "neutral"
    # Turns what comes next into its opposite.
    NOT = "not"
    CANNOT = "cannot"
    # Says nothing by itself; what else stands in a text is "more".
    COURTESY = "courtesy"
    FILLER = "filler"


M = Meaning

PHRASES: dict[str, dict[Meaning, tuple[str, ...]]] = {
    "en": {
        M.CONFIRM: (
            *("confirm", "confirmed", "confirming", "confirms", "confirmation", "c u", "cu"),
            *("see you", "see u", "see ya", "see yall", "on my way", "count me in"),
            *("looking forward", "cant wait", "will do my best to be there", "wont miss"),
            *("wouldnt miss", "not miss", "cant miss"),
        ),
        M.COME: (
            *("be there", "be here", "make it", "make the appointment", "make my appointment"),
            *("come", "coming", "attend", "attending", "show up", "keep the appointment"),
            *("keep my appointment", "keep it", "keep my appt", "keep the appt", "b there"),
            *("keep this appointment", "keep this appt"),
        ),
        M.CANNOT_COME: ("not today", "not tomorrow"),
        M.CANCEL: (
            *("cancel", "cancels", "cancelled", "canceled", "cancelling", "canceling"),
            *("cancellation", "cancelation", "cancle", "no longer need", "dont need it"),
            *("dont need this appointment", "dont need the appointment", "call off"),
            *("take me off the schedule",),
        ),
        M.RESCHEDULE: (
            *("reschedule", "rescheduled", "rescheduling", "reschedual", "resched", "rebook"),
            *("another time", "another day", "another date", "another appointment"),
            *("different time", "different day", "different date"),
            *("change my appointment", "change the appointment", "change my appt"),
            *("change the time", "change the date", "change the day", "move my appointment"),
            *("move the appointment", "move my appt", "move it", "push it back", "postpone"),
            *("earlier time", "later time", "earlier appointment", "later appointment"),
            *("instead", "some other time", "some other day"),
        ),
        M.YES: (
            *("yes", "yep", "yup", "yeah", "yea", "ya", "yess", "ok", "okay", "okey", "okk"),
            *("sure", "absolutely", "definitely", "of course", "correct", "will do", "got it"),
            *("sounds good", "sounds great", "great", "perfect", "good", "fine", "all good"),
            *("that works", "works for me", "affirmative", "agreed", "awesome", "wonderful"),
        ),
        M.NO: ("nope", "nah", "negative", "thumbs down"),
        M.UNSURE: (
            *("not sure", "maybe", "might", "may not", "dont know", "not certain", "not yet"),
            *("unsure", "if possible", "hopefully", "perhaps", "undecided"),
            # Questions about what has become of the visit ask for nothing.
            *("did you cancel", "did i cancel", "did someone cancel", "did you reschedule"),
            *("was it cancelled", "was it canceled", "is it cancelled", "is it canceled"),
            *("is it confirmed", "was it confirmed", "did i confirm", "am i confirmed"),
            *("may have to", "may need to"),
        ),
        M.DOUBTFUL: (
            *("if i", "if it", "if we", "if my", "if he", "if she", "if they", "unless", "fee"),
            *("fees", "charge", "charged", "policy", "why", "why would i cancel", "why did you"),
            *("how do i", "how can i", "how to", "should i", "should we", "do i need to"),
            *("do i have to", "late", "still cancel", "who cancelled", "who canceled"),
            *("did u cancel", "did they cancel", "was this cancelled", "was this canceled"),
            *("been cancelled", "been canceled", "was cancelled", "was canceled", "you cancelled"),
            *("you canceled", "u cancelled", "u canceled", "thought", "mistake", "accident"),
            *("accidentally", "by error", "in error", "wrong button", "meant", "ignore"),
            *("disregard", "undo", "uncancel", "un cancel", "take back", "keep", "keeping"),
            *("nothing to cancel", "not this one", "other appointment", "other appt", "other one"),
            *("cancel my cancellation", "cancel the cancellation", "cancel my request"),
            *("cancel the ride", "cancel my ride", "cancel my transportation"),
            *("cancel the transportation", "cancel the interpreter", "cancel my insurance"),
            *("cancel my membership", "cancel my subscription", "insurance canceled"),
            *("insurance cancelled", "come earlier", "come before", "come early", "come inside"),
            *("come up", "come alone", "coming alone", "come with me", "make it before"),
            *("make it earlier", "find", "open the link", "x ray", "x rays", "xray", "xrays"),
        ),
        M.STOP: (
            *("stop texting", "stop text", "stop texts", "stop messaging", "stop messages"),
            *("stop sending", "stop the texts", "stop the messages", "stop reminders"),
            *("stop these texts", "stop these messages", "stop these reminders", "stop this text"),
            *("stop those texts", "stop all texts", "stop all messages", "stop all reminders"),
            *("stop the reminders", "stopall", "stop txting", "stop msging", "end texts"),
            *("stop bothering", "stop harassing", "stop spamming", "cancel texts", "cancel text"),
            *("cancel texting", "cancel messages", "cancel the texts", "cancel the messages"),
            *("cancel these texts", "cancel these messages", "cancel my texts", "cancel reminders"),
            *("cancel the reminders", "cancel these reminders", "cancel text messages"),
            *("cancel the text", "cancel my reminders", "cancel all texts", "cancel all messages"),
            *("dont txt", "no more txts", "no texts", "no text messages", "dont want texts"),
            *("dont want text", "dont want these texts", "dont want any more messages"),
            *("dont want any more texts", "dont want to receive texts", "dont want messages"),
            *("dont want to receive text", "dont want to receive messages", "unsuscribe"),
            *("take my number off", "take this number off", "opt out of texts"),
            *("opt out of these", "opt out of the texts", "opt out of text"),
            *("no more text", "no more texts", "no more texting", "no more messages"),
            *("no more message", "no more reminders", "no more msgs"),
            *("dont text", "quit texting", "quit sending", "dont send me", "dont message"),
            *("unsubscribe", "unsub", "opt out", "opt me out", "optout", "opting out"),
            *("remove my number", "remove this number", "delete my number", "lose my number"),
            *("take me off your list", "take me off this list", "remove me from your list"),
            *("remove me from this list",),
        ),
        M.STOP_ALONE: (
            *("stop", "end", "quit", "revoke", "remove me", "take me off", "stop it"),
            *("stop these", "stop this", "stop those", "stop all"),
        ),
        M.STOP_CALLS_TOO: (
            *("texts or calls", "calls or texts", "texts and calls", "calls and texts"),
            *("texting and calling", "calling and texting", "texting or calling"),
            *("stop calling and texting", "stop texting and calling", "dont call or text"),
            *("stop contacting", "dont contact", "leave me alone"),
        ),
        M.WRONG_PERSON: (
            *("wrong number", "wrong person", "wrong phone", "wrong num", "wrong patient"),
            *("not the right number", "not the right person", "you have the wrong"),
            *("u have the wrong", "dont know this person", "wrong no", "not this person"),
            *("no longer has this number", "no longer my number", "no longer her number"),
            *("no longer his number",),
        ),
        M.OTHER_SENSE: (
            *("stop by", "stop in", "stop at", "stop calling", "stop over", "stop taking"),
            *("stop for", "stop smoking", "quit smoking", "bus stop", "end of", "the end"),
            *("week end", "non stop", "stop and", "stop on", "will stop", "ill stop"),
            *("opt out of", "dont text while", "stop sending the bill", "stop sending bills"),
            *(
                "stop sending bill",
                "stop sending me bills",
            ),
        ),
        M.NEUTRAL: (
            *("no worries", "no problem", "no problems", "not a problem", "no prob", "no changes"),
            *("no questions", "no change", "nothing has changed", "never mind", "nevermind"),
            *("dont worry", "r u", "coming down with", "come down with", "see you next time"),
            *("how come", "welcome", "youre welcome", "no rush", "no doubt", "the right number"),
            *("dont forget", "wont forget", "didnt forget", "if not", "whether or not"),
            # Letters that are no answer.
            *("n a", "c section", "r there", "r we", "r they"),
        ),
        M.NOT: (
            *("no", "not", "dont", "didnt", "doesnt", "never", "isnt", "arent", "wasnt", "wouldnt"),
            *("shouldnt", "havent", "hasnt", "without", "neither", "nor", "not going to"),
        ),
        M.CANNOT: ("cant", "wont", "couldnt", "unable"),
        M.COURTESY: (
            *("please", "pls", "plz", "thank", "thanks", "thx", "ty", "tysm", "thankyou", "you"),
            *("u", "so", "very", "much", "sir", "maam", "hi", "hello", "hey", "dear", "now"),
            *("sorry", "kindly", "immediately", "right away", "good morning", "good afternoon"),
            *("good evening", "good day", "bye", "cheers", "many", "appreciate", "appreciated"),
        ),
        M.FILLER: (
            *("i", "im", "ill", "ive", "id", "we", "well", "were", "will", "would", "be", "am"),
            *("is", "are", "a", "an", "the", "my", "our", "your", "yours", "me", "us", "he", "she"),
            *("him", "her", "his", "they", "to", "for", "at", "on", "in", "it", "its", "this"),
            *("that", "then", "there", "and", "but", "with", "of", "can", "need", "want", "like"),
            *("have", "has", "do", "going", "able", "still", "just", "too", "also", "all", "guys"),
            *("appointment", "appointments", "appt", "appts", "apt", "visit", "time", "doctor"),
            *("dr", "doc", "office", "reminder", "reminding", "letting", "know", "message", "text"),
            *("day", "one", "soon", "really", "again", "already", "both", "as", "scheduled"),
            *("a great day", "a good day", "a nice day", "a blessed day", "god bless", "bless"),
            *("a good one", "a great one", "a great weekend", "a nice weekend", "it down"),
            *("ready", "plan", "planning", "forward", "seeing", "everyone", "team", "from"),
        ),
    },
    "es": {
        M.CONFIRM: (
            *("confirmo", "confirmar", "confirmado", "confirmada", "confirme", "confirmamos"),
            *("confirmacion", "nos vemos", "cuente conmigo", "cuenten conmigo", "ahi nos vemos"),
            *("no faltare", "no faltaremos", "no voy a faltar", "no me lo pierdo"),
        ),
        M.COME: (
            *("ir", "voy", "ire", "vamos", "iremos", "asistir", "asistire", "asistiremos"),
            *("llegar", "llego", "llegare", "estare", "estaremos", "estar ahi", "estar alli"),
            *("venir", "vengo", "acudir", "acudire", "presentar", "presentarme", "ahi estoy"),
        ),
        M.CANNOT_COME: ("hoy no", "manana no"),
        M.CANCEL: (
            *("cancelar", "cancelo", "cancele", "cancelen", "cancelado", "cancelada", "cancela"),
            *("cancelarla", "cancelacion", "cancelando", "cancelamos", "anular", "anulo"),
            *("cancelaron", "cancelarme", "cancelenla", "cancelela", "cancelame"),
            *("ya no la necesito", "ya no necesito", "ya no la quiero"),
        ),
        M.RESCHEDULE: (
            *(
                "reprogramar",
                "reprogramarla",
                "reprograme",
                "reagendar",
                "reagendarla",
                "otra hora",
            ),
            *("otro dia", "otra fecha", "otro horario", "otra cita", "cambiar la cita"),
            *("cambiar mi cita", "cambiar la hora", "cambiar la fecha", "cambiar el dia"),
            *("mover la cita", "mover mi cita", "cambio de cita", "cambiarla", "posponer"),
        ),
        M.YES: (
            *("si", "sip", "claro", "de acuerdo", "vale", "esta bien", "por supuesto", "correcto"),
            *("perfecto", "muy bien", "bueno", "entendido", "listo", "asi es", "desde luego"),
        ),
        M.NO: (),
        M.UNSURE: (
            *("no se si", "no se", "no estoy seguro", "no estoy segura", "quizas", "quiza"),
            *("tal vez", "a lo mejor", "todavia no", "aun no"),
        ),
        M.DOUBTFUL: (
            *("por que", "quien cancelo", "quien cancela", "si cancelo", "si la cancelo", "multa"),
            *("cobran", "por error", "sin querer", "me equivoque", "equivocacion", "ignore"),
            *("ignoren", "la otra cita", "la otra", "como cancelo", "como puedo cancelar"),
            *("debo cancelar", "no olvidare", "no olvido", "no se me olvida", "tarde"),
        ),
        M.STOP: (
            *("no mas mensajes", "no mas textos", "no mas mensaje", "no mas texto"),
            *("no me manden", "no me mande", "no me mandes", "no me envien", "no me envie"),
            *("no me escriban", "no me escriba", "no me escribas", "no quiero mensajes"),
            *("no quiero recibir mensajes", "no quiero recibir textos", "no deseo recibir mas"),
            *(
                "no quiero mas mensajes",
                "no quiero recibir mas",
                "dejen de mandar",
                "deje de mandar",
            ),
            *("dejen de enviar", "deje de enviar", "dejen de escribir", "deje de escribir"),
            *("dejen de mandarme", "dejen de enviarme", "dejar de recibir", "darme de baja"),
            *("dar de baja", "denme de baja", "deme de baja", "quiteme de la lista"),
            *("borre mi numero", "borren mi numero", "cancelar suscripcion", "no enviar mas"),
            *("cancelar mensajes", "cancelar los mensajes", "cancele los mensajes"),
            *(
                "cancelen los mensajes",
                "cancelar textos",
                "cancelar los textos",
                "cancele mensajes",
            ),
            *("cancelar recordatorios", "cancelar los recordatorios", "no mandar mas"),
            *("deje de mandarme", "deje de enviarme", "paren de mandar", "detenga los mensajes"),
            *(
                "detengan los mensajes",
                "no deseo recibir mensajes",
                "no deseo mensajes",
            ),
        ),
        M.STOP_ALONE: (
            "alto",
            "pare",
            "paren",
            "parar",
            "basta",
            "baja",
            "no mas",
            "ya no mas",
            "detener",
        ),
        M.STOP_CALLS_TOO: (
            *("mensajes ni llamadas", "llamadas ni mensajes", "mensajes y llamadas"),
            *("no me contacten", "no me contacte", "no me molesten"),
        ),
        M.WRONG_PERSON: (
            *("numero equivocado", "persona equivocada", "telefono equivocado"),
            *("se equivoco de numero", "numero incorrecto", "no soy esa persona"),
            *(
                "numero equibocado",
                "equivocado de numero",
            ),
        ),
        M.OTHER_SENSE: (
            "muy alto",
            "esta alto",
            "mas alto",
            "presion alta",
            "muy baja",
            "esta baja",
        ),
        M.NEUTRAL: (
            *("no hay problema", "no se preocupe", "no te preocupes", "sin problema", "no importa"),
            *("ningun problema", "no hay de que", "voy a", "vamos a", "si no", "bienvenido"),
            *("tengo que", "que pueda", "llegar a tiempo"),
        ),
        M.NOT: ("nunca", "jamas", "tampoco", "ni", "sin"),
        M.CANNOT: (
            *("no puedo", "no podre", "no podemos", "no podremos", "no podra", "no puede"),
            *("no pude", "no me puedo", "no voy a poder", "no vamos a poder", "imposible"),
        ),
        M.COURTESY: (
            *("por favor", "porfavor", "porfa", "gracias", "muchas", "muchisimas", "mil", "hola"),
            *("buenos dias", "buenas tardes", "buenas noches", "buen dia", "senor", "senora"),
            *("senorita", "muy amable", "disculpe", "lo siento", "perdon", "adios"),
        ),
        M.FILLER: (
            *("la", "el", "los", "las", "un", "una", "mi", "su", "yo", "le", "les", "lo"),
            *("en", "con", "de", "del", "al", "para", "por", "y", "que", "pero", "mas", "muy"),
            *("cita", "doctora", "ahi", "alli", "alla", "aqui", "entonces", "quiero"),
            *("puedo", "podre", "necesito", "quisiera", "poder", "dios", "bendiga", "bendiciones"),
            *("estoy", "soy", "favor", "tambien", "hora", "dia", "sera", "estar", "dios mediante"),
            *("recordatorio", "recordarme", "avisar", "aviso", "tenga", "buen", "buena", "pueda"),
        ),
    },
}

# What a single letter says at the head of an answer, as reminders ask for it. Digits are keys: what
# they mean is the campaign's, and so they are as Relatient labelled them.
LETTERS: Mapping[str, Meaning] = {
    "c": M.CONFIRM,
    "y": M.YES,
    "x": M.CANCEL,
    "n": M.NO,
    "r": M.RESCHEDULE,
}

# Small pictures that are an answer by themselves; all others say nothing.
SIGNS: Mapping[str, str] = {
    "👍": "yes",
    "👌": "yes",
    "✅": "yes",
    "✔": "yes",
    "👎": "thumbs down",
    "❌": "thumbs down",
    "🛑": "stop",
}

# One spelling for what people write in several.
SPELLINGS: Mapping[tuple[str, str], str] = {
    ("can", "not"): "cant",
    ("do", "not"): "dont",
    ("did", "not"): "didnt",
    ("does", "not"): "doesnt",
    ("will", "not"): "wont",
    ("could", "not"): "couldnt",
    ("would", "not"): "wouldnt",
    ("is", "not"): "isnt",
    ("i", "am"): "im",
    ("i", "will"): "ill",
    ("don", "t"): "dont",
    ("can", "t"): "cant",
    ("won", "t"): "wont",
    ("re", "schedule"): "reschedule",
}
WORD_SPELLINGS: Mapping[str, str] = {
    "cannot": "cant",
    "dnt": "dont",
    "dint": "didnt",
    "comming": "coming",
    "cancell": "cancel",
    "cancal": "cancel",
    "cancil": "cancel",
    "canel": "cancel",
    "cansel": "cancel",
    "cancled": "cancelled",
    "confrim": "confirm",
    "comfirm": "confirm",
    "confirmdo": "confirmado",
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "stopp": "stop",
    "st0p": "stop",
    "sotp": "stop",
    "stpo": "stop",
}

# A "no" before one of these is an answer, and no part of what follows: "No I will be there".
PERSONS = frozenset({"i", "im", "ill", "ive", "id", "we", "were", "he", "she", "they"})
