/** What customers and agents write in English. */
import type { Phrasebook } from "./phrases.ts";

export const ENGLISH: Phrasebook = {
  greetings: ["Hi there,", "Hello,", "Hey team,", "Good morning,", "Hi,", "To whom it may concern,"],
  closings: [
    "Thanks, {name}",
    "Best, {name}",
    "Thank you so much!\n{name}",
    "Cheers",
    "Looking forward to hearing from you.",
    "Regards,\n{name}\n{city}",
  ],
  follows: [
    "Any news on this?",
    "Thanks for the quick answer, that works for me.",
    "I attached the photo you asked for.",
    "Still nothing from {carrier}, the tracking page has not moved for {days} days.",
    "Great, thank you! You can close this.",
    "Sorry, I meant order {order}, not the other one.",
    "That is not what I was told last time.",
    "Yes please, go ahead.",
    "Ok.",
    "Could somebody call me instead? I am home after 5pm.",
  ],
  hello: ["Hi {name},", "Hello {name}, thanks for reaching out!", "Hi {name}, {agent} here.", "Dear {name},"],
  bye: [
    "Best wishes,\n{agent}",
    "Have a lovely day!\n{agent}, Alder & Finch",
    "Let me know if there is anything else.\n{agent}",
  ],
  late: {
    subject: "Where is my order {order}?",
    asks: [
      "My order {order} was supposed to arrive {days} days ago and I have heard nothing. The {product} is a birthday present, so I am getting nervous.",
      '{carrier} says "delivered" but nobody in {city} has seen a parcel. Can you check order {order}?',
      "I ordered the {product} over {days} days ago. When will it ship?",
      'Tracking for {order} has been stuck at "label created" since last week.',
    ],
    replies: [
      "I have checked with {carrier}: the parcel for {order} is at their depot and should reach {city} within two working days.",
      "I am sorry about the wait. I opened a trace with {carrier}; if nothing turns up in {days} days we will send a new {product}.",
    ],
  },
  damaged: {
    subject: "Damaged: {product}",
    asks: [
      "The {product} from order {order} arrived with a crack right down the middle. The box looked fine from outside.",
      "I unpacked my {product} today and one corner is completely dented. What can we do?",
      "After {days} days of use the seam on the {product} came apart. I would expect better for {amount}.",
    ],
    replies: [
      "That should not have happened, sorry! A new {product} leaves our warehouse today, and you can keep the damaged one.",
      "Could you send us a photo of the {product} and of the packaging? Then I can file the claim with {carrier} right away.",
    ],
  },
  wrong: {
    subject: "Wrong item in {order}",
    asks: [
      "I ordered the {product} but got something else entirely. The packing slip is right, the content is not.",
      "There were two boxes in {order} and one of them is not mine, it has another customer's name on it.",
      "You sent the right {product} in the wrong colour.",
    ],
    replies: [
      "Our mistake. The right {product} is on its way by express, and a prepaid label for the other one is in your inbox.",
      "Thanks for telling us. Please keep the box closed, {carrier} will pick it up within {days} days.",
    ],
  },
  return: {
    subject: "Return of {product}",
    asks: [
      "How do I send back the {product}? I could not find a label in the parcel for {order}.",
      "I would like to return everything from {order}. It is unused, tags still on.",
      "Is the {days} day return window counted from the order or from the delivery?",
    ],
    replies: [
      "Your return label is attached. Drop the parcel at any {carrier} point within {days} days.",
      "No problem, the window starts on the day of delivery. I have opened the return for {order}.",
    ],
  },
  refund: {
    subject: "Refund for {order}",
    asks: [
      "I returned the {product} {days} days ago and there is still no refund of {amount} on my card.",
      "You refunded {amount} less than I paid for {order}. Why?",
      "Could you refund me to my bank account? The card I used has expired.",
    ],
    replies: [
      "The refund of {amount} was issued this morning; banks take up to {days} days to show it.",
      "You are right, shipping was missing. I have just refunded the rest of {order}.",
    ],
  },
  size: {
    subject: "Exchange: other size of {product}",
    asks: [
      "The {product} is a size too small. Can I swap it for the next one up?",
      "Does the {product} run large? I am usually between M and L.",
      "I need the {product} in 42 instead of 41, order {order}.",
    ],
    replies: [
      "I reserved the larger {product} for you, it ships as soon as {carrier} scans your return.",
      "Most customers find the {product} true to size; between two sizes I would take the larger.",
    ],
  },
  discount: {
    subject: "Code does not work",
    asks: [
      "The code WELCOME10 is refused at checkout although my cart is over {amount}.",
      "I forgot to enter my loyalty code for {order}. Can you still apply it?",
    ],
    replies: [
      "The code is valid for full-price items only. As a courtesy I credited {amount} to your account.",
      "Done! I took the discount off {order}, you will see it on the invoice.",
    ],
  },
  address: {
    subject: "Change delivery address of {order}",
    asks: [
      "I moved to {city} and order {order} still has my old address. Can you change it before it ships?",
      "Please deliver {order} to my neighbour, I am away for {days} days.",
    ],
    replies: [
      "I changed the address of {order} to {city}. You will get a new confirmation in a minute.",
      "{order} is already with {carrier}, but you can redirect it on their page with the tracking number.",
    ],
  },
  cancel: {
    subject: "Please cancel {order}",
    asks: [
      "I ordered the {product} twice by accident. Please cancel {order}.",
      "Please cancel my order {order}, delivery takes too long for me.",
    ],
    replies: [
      "{order} is cancelled and {amount} is on its way back to you.",
      "I am afraid {order} has left the warehouse. Just refuse the parcel and we refund {amount} when it is back.",
    ],
  },
  invoice: {
    subject: "Invoice for {order}",
    asks: [
      "I need an invoice for {order} with our company's VAT number on it.",
      "The invoice for {order} shows {amount}, my card was charged something else.",
    ],
    replies: [
      "The corrected invoice for {order} is attached as a PDF.",
      "The difference is the shipping to {city}; I have attached both documents.",
    ],
  },
};
