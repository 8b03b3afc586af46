import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Local time is part of what is tested; a zone off UTC with half hours
    // shows every mistake.
    env: { TZ: "Asia/Kolkata" },
  },
});
