/** The queries that the demo shows; each is run before it is printed, and all work on any account's file. */
export const DEMO_QUERIES: readonly { readonly asks: string; readonly sql: string }[] = [
  {
    asks: "How long do customers wait for a first answer, by channel?",
    sql: `SELECT json_extract(channels, '$[0]') AS channel, count(*) AS conversations,
       round(avg(json_extract(first_response, '$.time')) / 3.6e6, 1) AS hours
FROM conversations
WHERE _deleted_at IS NULL AND json_extract(first_response, '$.time') > 0
GROUP BY channel ORDER BY hours DESC`,
  },
  {
    asks: "Which customers write most, and what have they spent?",
    sql: `SELECT customers.display_name AS customer, count(*) AS messages,
       json_extract(customers.custom, '$.totalSpentNum') AS spent
FROM messages JOIN customers ON customers.id = messages.customer_id
WHERE messages.direction = 'in' AND customers._deleted_at IS NULL
GROUP BY customers.id ORDER BY messages DESC LIMIT 5`,
  },
  {
    asks: "Who in the team has the most open conversations?",
    sql: `SELECT users.display_name AS agent, count(*) AS open
FROM conversations, json_each(conversations.assigned_users) AS assigned
JOIN users ON users.id = assigned.value
WHERE conversations.status = 'open' AND conversations._deleted_at IS NULL
GROUP BY users.id ORDER BY open DESC LIMIT 5`,
  },
];
