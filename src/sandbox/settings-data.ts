/** What the simulated account has set up: its brands, queues, SLAs, schedules and the like, by stream. */

type Data = Readonly<Record<string, unknown>>;

const HOUR = 3_600_000;
const minutesOf = (first: number, done: number) => ({
  firstResponse: { enabled: true, times: timesOf(first) },
  longestUnrespondedMessage: { enabled: true, times: timesOf(first * 4) },
  totalConversationOpenTime: { enabled: true, times: timesOf(done) },
  totalCustomerWaitTime: { enabled: false, times: {} },
});
const timesOf = (ms: number) => Object.fromEntries([1, 2, 3, 4, 5].map((priority) => [priority, ms]));

const workday = (open: number, close: number) => ({ start: open * 60, end: close * 60 });
const week = (open: number, close: number) => ({
  ...Object.fromEntries([1, 2, 3, 4, 5].map((day) => [day, [workday(open, close)]])),
  0: [],
  6: [],
});

export const SETTINGS: Readonly<Record<string, readonly Data[]>> = {
  brands: [
    { name: "default", default: true },
    { name: "Hearth & Home", default: false, iconUrl: "https://cdn.example.com/hearth.png" },
    { name: "Outlet", default: false },
  ],
  queues: [
    { name: "DEFAULT_QUEUE", displayName: "Default", priority: 0, itemSize: 1, system: true },
    { name: "orders", displayName: "Orders", priority: 1, itemSize: 1, system: false },
    { name: "returns", displayName: "Returns", priority: 2, itemSize: 2, system: false },
    {
      name: "vip",
      displayName: "VIP",
      priority: 1,
      itemSize: 4,
      system: false,
      restrictTransfersByUsers: true,
    },
  ],
  sub_statuses: [
    { label: "Waiting for customer", description: "We asked, and wait", parentStatus: "snoozed" },
    { label: "Waiting for warehouse", description: "", parentStatus: "snoozed" },
    { label: "Escalated", description: "A lead looks at it", parentStatus: "open" },
    { label: "Refunded", description: "", parentStatus: "done" },
  ],
  routing_statuses: [
    { name: "Available", statusType: "available", selectable: true, system: true, enabled: true },
    { name: "Busy", statusType: "busy", selectable: false, system: true, enabled: true },
    { name: "Lunch", statusType: "unavailable", selectable: true, system: false, enabled: true },
    { name: "Unavailable", statusType: "unavailable", selectable: true, system: true, enabled: true },
  ],
  slas: [{ currentVersion: 2 }, { currentVersion: 1 }],
  sla_versions: [
    {
      name: "Standard",
      description: "Answer within a day",
      version: 1,
      hours: "calendar",
      metrics: minutesOf(24 * HOUR, 96 * HOUR),
      criteria: { and: [] },
    },
    {
      name: "Standard",
      description: "Answer within four hours",
      version: 2,
      hours: "business",
      metrics: minutesOf(4 * HOUR, 72 * HOUR),
      criteria: { and: [] },
    },
    {
      name: "VIP",
      description: "Answer within the hour",
      version: 1,
      hours: "calendar",
      metrics: minutesOf(HOUR, 24 * HOUR),
      criteria: { and: [{ conversation_priority: { gte: 4 } }] },
    },
  ],
  klasses: [
    {
      name: "order",
      displayName: "Order",
      icon: "cart",
      color: "",
      status: "enabled",
      mixins: [],
      appDisabled: false,
    },
    {
      name: "return",
      displayName: "Return",
      icon: "box",
      color: "",
      status: "enabled",
      mixins: ["assignable"],
      appDisabled: false,
    },
    {
      name: "review",
      displayname: "Review",
      icon: "star",
      color: "",
      status: "disabled",
      mixins: [],
      appDisabled: true,
    },
    { name: "shopify-order", displayName: "Old order", icon: "cart", status: "existing_only", mixins: [] },
  ],
  custom_attributes: [
    { resource: "customer", name: "totalSpentNum", type: "number", displayName: "Total spent" },
    {
      resource: "customer",
      name: "loyaltyTierStr",
      type: "string",
      displayName: "Loyalty tier",
      enumeration: ["none", "silver", "gold"],
    },
    {
      resource: "customer",
      name: "ordersId",
      type: "string",
      target: "kobject.order",
      multi: true,
      displayName: "Orders",
    },
    { resource: "conversation", name: "orderNumberStr", type: "string", displayName: "Order number" },
    {
      resource: "conversation",
      name: "topicTree",
      type: "tree",
      displayName: "Topic",
      tree: { children: [{ id: "delivery" }] },
    },
    { resource: "kobject.order", name: "orderTotalNum", type: "number", displayName: "Total" },
    { resource: "kobject.return", name: "reasonStr", type: "string", displayName: "Reason" },
  ],
  schedules: [
    { name: "Support hours", default: true, timezone: "America/New_York", hours: week(9, 17) },
    { name: "London", default: false, timezone: "Europe/London", hours: week(8, 18) },
  ],
  holidays: [
    { name: "New Year", description: "", enabled: true, startDate: "2026-01-01", endDate: "2026-01-01" },
    {
      name: "Inventory",
      description: "The warehouse is closed",
      enabled: false,
      startDate: "2026-06-30",
      endDate: "2026-07-01",
    },
    { name: "Boxing Day", description: "", enabled: true, startDate: "2026-12-26", endDate: "2026-12-26" },
  ],
  satisfaction_forms: [
    {
      ...{
        name: "After e-mail",
        formType: "csat",
        enabled: true,
        channel: "email",
        description: "Sent when it is done",
      },
      ...{ from: { channel: "email", account: "help@example.com", app: "postmark" }, delayTime: 0 },
      ...{ metaTitle: "Satisfaction", metaDescription: "", introduction: "How did we do?" },
      ratingPrompt: "How satisfied are you?",
      scale: { options: 5, type: "number", labelLow: "Not at all", labelHigh: "Very" },
    },
    {
      name: "Chat",
      formType: "csat",
      enabled: false,
      channel: "chat",
      delayTime: 5,
      scale: { options: 2, type: "thumb" },
    },
  ],
  role_groups: [
    { name: "Admin", description: "May do everything", display: true, system: true, roles: ["org"] },
    { name: "Agent", description: "", display: true, system: true, roles: ["org.user"] },
    {
      name: "Reports",
      description: "Reads only",
      display: true,
      system: false,
      roles: ["org.permission.search.create"],
    },
  ],
  snoozes: [
    { name: "Tomorrow", type: "relative", value: { days: 1 }, enabled: true },
    { name: "Next week", type: "relative", value: { days: 7 }, enabled: true },
    { name: "A month", type: "relative", value: { days: 30 }, enabled: false },
  ],
};

/** Which row of another stream a row belongs to: an SLA's versions, a schedule's holidays; by place. */
export const OWNERS: Readonly<Record<string, readonly number[]>> = {
  sla_versions: [0, 0, 1],
  holidays: [0, 0, 1],
};
