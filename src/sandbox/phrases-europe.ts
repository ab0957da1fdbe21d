/** What customers and agents write in German, French, Spanish and Portuguese. */
import type { Phrasebook } from "./phrases.ts";

export const GERMAN: Phrasebook = {
  greetings: ["Hallo,", "Guten Tag,", "Sehr geehrte Damen und Herren,", "Moin,"],
  closings: [
    "Viele Grüße\n{name}",
    "Mit freundlichen Grüßen\n{name}, {city}",
    "Danke im Voraus!",
    "LG {name}",
  ],
  follows: [
    "Gibt es schon etwas Neues?",
    "Super, vielen Dank für die schnelle Hilfe!",
    "Das Paket ist immer noch nicht da, {carrier} weiß von nichts.",
    "Foto hängt an. Größe steht auf dem Etikett.",
    "Ja, bitte so machen.",
  ],
  hello: ["Hallo {name},", "Guten Tag {name}, danke für Ihre Nachricht."],
  bye: ["Herzliche Grüße\n{agent}", "Schönen Tag noch!\n{agent} von Alder & Finch"],
  late: {
    subject: "Wo bleibt meine Bestellung {order}?",
    asks: [
      "meine Bestellung {order} hätte vor {days} Tagen ankommen sollen. Könnten Sie bitte nachforschen?",
      "laut {carrier} wurde das Paket in {city} zugestellt, hier war aber niemand.",
    ],
    replies: [
      "das Paket liegt im Depot von {carrier} und sollte übermorgen in {city} sein. Entschuldigung für die Verzögerung!",
    ],
  },
  damaged: {
    subject: "Beschädigte Ware: {product}",
    asks: [
      "der Artikel „{product}“ aus {order} kam mit einem Riss an, der Karton war außen heil.",
      "nach nur {days} Tagen ist die Naht aufgegangen. Für {amount} erwarte ich mehr.",
    ],
    replies: [
      "das tut uns leid! Ersatz für {product} geht heute raus, die beschädigte Ware dürfen Sie behalten.",
    ],
  },
  wrong: {
    subject: "Falscher Artikel in {order}",
    asks: [
      "statt {product} lag etwas völlig anderes im Paket.",
      "die Farbe stimmt nicht: bestellt war Grün, gekommen ist Grau.",
    ],
    replies: ["unser Fehler. Der richtige Artikel ist unterwegs, das Rücksendeetikett finden Sie im Anhang."],
  },
  return: {
    subject: "Rücksendung {order}",
    asks: [
      "wie schicke ich {product} zurück? Im Paket lag kein Etikett.",
      "ich möchte alles aus {order} zurückgeben, ungetragen.",
    ],
    replies: ["das Etikett ist angehängt. Bitte innerhalb von {days} Tagen bei {carrier} abgeben."],
  },
  refund: {
    subject: "Erstattung für {order}",
    asks: [
      "ich habe {product} vor {days} Tagen zurückgeschickt, die {amount} fehlen noch.",
      "es wurden {amount} zu wenig erstattet.",
    ],
    replies: ["die Erstattung über {amount} ist heute angewiesen worden."],
  },
  size: {
    subject: "Umtausch: andere Größe",
    asks: [
      "{product} fällt eine Nummer zu klein aus. Kann ich tauschen?",
      "welche Größe empfehlen Sie bei 1,83 m?",
    ],
    replies: ["wir haben die größere Größe für Sie zurückgelegt."],
  },
  discount: {
    subject: "Gutschein geht nicht",
    asks: ["der Code WILLKOMMEN10 wird nicht angenommen, obwohl der Warenkorb über {amount} liegt."],
    replies: ["der Code gilt nur für nicht reduzierte Ware. Wir haben Ihnen {amount} gutgeschrieben."],
  },
  address: {
    subject: "Adresse ändern, {order}",
    asks: ["ich bin nach {city} umgezogen, {order} geht noch an die alte Straße. Läßt sich das ändern?"],
    replies: ["die Adresse ist geändert, die Bestätigung kommt gleich."],
  },
  cancel: {
    subject: "Stornierung {order}",
    asks: ["ich habe aus Versehen doppelt bestellt. Bitte {order} stornieren."],
    replies: ["{order} ist storniert, {amount} sind auf dem Rückweg."],
  },
  invoice: {
    subject: "Rechnung zu {order}",
    asks: ["ich benötige eine Rechnung mit USt-IdNr. für {order}."],
    replies: ["die korrigierte Rechnung hängt als PDF an."],
  },
};

export const FRENCH: Phrasebook = {
  greetings: ["Bonjour,", "Madame, Monsieur,", "Salut,"],
  closings: ["Cordialement,\n{name}", "Merci d’avance !", "Bien à vous,\n{name} — {city}"],
  follows: [
    "Avez-vous des nouvelles ?",
    "Parfait, merci beaucoup !",
    "Toujours rien du côté de {carrier}.",
    "C’est noté, à bientôt.",
  ],
  hello: ["Bonjour {name},", "Bonjour {name}, merci de votre message."],
  bye: ["Bien cordialement,\n{agent}", "Excellente journée !\n{agent}"],
  late: {
    subject: "Où est ma commande {order} ?",
    asks: [
      "ma commande {order} devait arriver il y a {days} jours et je n’ai rien reçu.",
      "{carrier} indique « livré », mais personne à {city} n’a vu le colis.",
    ],
    replies: ["votre colis est au dépôt de {carrier} et devrait arriver à {city} sous 48 heures."],
  },
  damaged: {
    subject: "Article abîmé : {product}",
    asks: [
      "l’article {product} est arrivé fêlé, alors que le carton était intact.",
      "la couture a cédé après {days} jours…",
    ],
    replies: ["nous sommes désolés ! Un nouvel article part dès aujourd’hui."],
  },
  wrong: {
    subject: "Erreur dans {order}",
    asks: ["j’ai reçu un autre article à la place de {product}.", "ce n’est pas la bonne couleur."],
    replies: ["c’est notre faute : le bon article est en route, l’étiquette de retour est jointe."],
  },
  return: {
    subject: "Retour de {product}",
    asks: [
      "comment renvoyer {product} ? Il n’y avait pas d’étiquette.",
      "je souhaite retourner toute la commande {order}.",
    ],
    replies: ["voici l’étiquette ; déposez le colis chez {carrier} sous {days} jours."],
  },
  refund: {
    subject: "Remboursement {order}",
    asks: ["j’ai renvoyé {product} il y a {days} jours, et toujours pas de remboursement de {amount}."],
    replies: ["le remboursement de {amount} a été émis ce matin."],
  },
  size: {
    subject: "Échange de taille",
    asks: ["{product} taille petit, puis-je échanger pour la taille au-dessus ?"],
    replies: ["la taille supérieure vous est réservée."],
  },
  discount: {
    subject: "Code refusé",
    asks: ["le code BIENVENUE10 est refusé alors que mon panier dépasse {amount}."],
    replies: ["le code ne vaut pas pour les soldes ; nous vous avons crédité {amount}."],
  },
  address: {
    subject: "Changement d’adresse, {order}",
    asks: ["j’ai déménagé à {city}, pouvez-vous changer l’adresse de {order} ?"],
    replies: ["c’est fait, vous recevrez une confirmation."],
  },
  cancel: {
    subject: "Annulation de {order}",
    asks: ["j’ai commandé deux fois par erreur, merci d’annuler {order}."],
    replies: ["{order} est annulée, {amount} vous seront remboursés."],
  },
  invoice: {
    subject: "Facture {order}",
    asks: ["il me faut une facture avec notre numéro de TVA pour {order}."],
    replies: ["la facture corrigée est en pièce jointe."],
  },
};

export const SPANISH: Phrasebook = {
  greetings: ["Hola,", "Buenos días:", "Buenas tardes,"],
  closings: ["Un saludo,\n{name}", "¡Muchas gracias!", "Atentamente,\n{name} ({city})"],
  follows: ["¿Hay novedades?", "¡Perfecto, gracias!", "Sigo sin recibir nada de {carrier}.", "Sí, adelante."],
  hello: ["Hola, {name}:", "¡Hola {name}! Gracias por escribirnos."],
  bye: ["Un abrazo,\n{agent}", "Saludos cordiales,\n{agent}"],
  late: {
    subject: "¿Dónde está mi pedido {order}?",
    asks: [
      "mi pedido {order} tenía que llegar hace {days} días y no sé nada.",
      "{carrier} dice que lo entregó en {city}, pero aquí no ha venido nadie.",
    ],
    replies: ["el paquete está en el almacén de {carrier} y llegará a {city} en dos días."],
  },
  damaged: {
    subject: "Producto dañado: {product}",
    asks: [
      "{product} llegó roto, aunque la caja estaba bien.",
      "a los {days} días se descosió. Por {amount} esperaba más.",
    ],
    replies: ["¡lo sentimos! Hoy mismo sale uno nuevo."],
  },
  wrong: {
    subject: "Artículo equivocado en {order}",
    asks: ["pedí {product} y me llegó otra cosa.", "el color no es el que elegí."],
    replies: ["ha sido culpa nuestra: el correcto ya va de camino."],
  },
  return: {
    subject: "Devolución de {product}",
    asks: [
      "¿cómo devuelvo {product}? No venía etiqueta.",
      "quiero devolver todo el pedido {order}, está sin estrenar.",
    ],
    replies: ["le adjunto la etiqueta; tiene {days} días para llevarlo a {carrier}."],
  },
  refund: {
    subject: "Reembolso de {order}",
    asks: ["devolví {product} hace {days} días y aún no veo los {amount}."],
    replies: ["el reembolso de {amount} se ha emitido esta mañana."],
  },
  size: {
    subject: "Cambio de talla",
    asks: ["{product} me queda pequeño, ¿puedo cambiarlo por una talla más?"],
    replies: ["le hemos reservado la talla siguiente."],
  },
  discount: {
    subject: "El código no funciona",
    asks: ["el código BIENVENIDA10 no se aplica y mi carrito pasa de {amount}."],
    replies: ["no vale para rebajas, pero le hemos abonado {amount}."],
  },
  address: {
    subject: "Cambiar dirección de {order}",
    asks: ["me he mudado a {city}; ¿pueden cambiar la dirección de {order}?"],
    replies: ["hecho, recibirá la confirmación enseguida."],
  },
  cancel: {
    subject: "Cancelar {order}",
    asks: ["compré dos veces sin querer; cancelen {order}, por favor."],
    replies: ["{order} queda cancelado y le devolvemos {amount}."],
  },
  invoice: {
    subject: "Factura de {order}",
    asks: ["necesito factura con nuestro CIF para {order}. Gracias. — Año fiscal en curso."],
    replies: ["le adjunto la factura corregida."],
  },
};

export const PORTUGUESE: Phrasebook = {
  greetings: ["Olá,", "Bom dia,", "Boa tarde!"],
  closings: ["Obrigada,\n{name}", "Abraços,\n{name} ({city})", "Fico no aguardo."],
  follows: [
    "Alguma novidade?",
    "Ótimo, muito obrigado!",
    "A {carrier} ainda não entregou nada.",
    "Pode ser, sim.",
  ],
  hello: ["Olá, {name}!", "Oi {name}, tudo bem?"],
  bye: ["Um abraço,\n{agent}", "Qualquer coisa, é só chamar.\n{agent}"],
  late: {
    subject: "Cadê meu pedido {order}?",
    asks: [
      "meu pedido {order} deveria ter chegado há {days} dias.",
      "consta como entregue em {city}, mas não recebi.",
    ],
    replies: ["o pacote está com a {carrier} e chega a {city} em dois dias úteis."],
  },
  damaged: {
    subject: "Veio com defeito: {product}",
    asks: ["{product} chegou rachado, embora a caixa estivesse intacta."],
    replies: ["sentimos muito! Um novo sai hoje mesmo."],
  },
  wrong: {
    subject: "Item errado em {order}",
    asks: ["comprei {product} e veio outra coisa.", "a cor não é a que escolhi."],
    replies: ["erro nosso: o certo já está a caminho."],
  },
  return: {
    subject: "Devolução de {product}",
    asks: ["como faço a devolução de {product}? Não veio etiqueta."],
    replies: ["a etiqueta está em anexo; o prazo é de {days} dias."],
  },
  refund: {
    subject: "Reembolso de {order}",
    asks: ["devolvi há {days} dias e os {amount} ainda não caíram na conta."],
    replies: ["o estorno de {amount} foi feito hoje de manhã."],
  },
  size: {
    subject: "Troca de tamanho",
    asks: ["{product} ficou pequeno, dá para trocar por um número maior?"],
    replies: ["reservamos o tamanho maior para você."],
  },
  discount: {
    subject: "Cupom não funciona",
    asks: ["o cupom BEMVINDO10 não é aceito, e o carrinho passa de {amount}."],
    replies: ["não vale para promoções, mas creditamos {amount}."],
  },
  address: {
    subject: "Mudança de endereço, {order}",
    asks: ["mudei para {city}; dá para trocar o endereço do {order}?"],
    replies: ["pronto, a confirmação já vai chegar."],
  },
  cancel: {
    subject: "Cancelar {order}",
    asks: ["comprei duas vezes sem querer. Cancelem o {order}, por favor."],
    replies: ["{order} cancelado; {amount} serão devolvidos."],
  },
  invoice: {
    subject: "Nota fiscal do {order}",
    asks: ["preciso da nota fiscal com CNPJ para o {order}."],
    replies: ["a nota corrigida está em anexo."],
  },
};
