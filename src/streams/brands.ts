/** Brands: the names under which a company writes to its customers. */
import { defineStream } from "./define.ts";

export const brands = defineStream({
  name: "brands",
  type: "brand",
  summary: "Brands",
  read: { by: "list", path: "/v1/brands", pageSize: 100 },
  roles: ["org.permission.brand.read", "org.user.brand.read", "org.admin.brand.read"],
  isSetting: true,
  attributes: {
    createdAt: "time",
    default: "bool",
    iconUrl: "text",
    modifiedAt: "time",
    name: "text",
    updatedAt: "time",
  },
  relationships: ["createdBy", "modifiedBy", "org"],
});
