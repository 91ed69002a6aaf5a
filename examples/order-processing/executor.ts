/**
 * The shop's own logic, as an executor. What would be databases and banks elsewhere is worked out from the input here, so
 * that the example runs anywhere and always gives the same.
 */

import { createExecutor, TaskError } from "magicflow/sdk";

interface Item {
  readonly product_id: string;
  readonly quantity: number;
  readonly price: number;
}

/** A customer whose name begins like this is a good one. */
const LOYAL = /^customer-4/;
const DISCOUNT = 0.1;
const TAX = 0.0825;

const executor = createExecutor({ name: "order-service", concurrency: 50, version: "1.0.0" });

executor
  .register("checkCustomer", ({ customer_id }: { customer_id: string }) => {
    if (customer_id === "blocked") {
      throw new TaskError({ code: "CUSTOMER_BLOCKED", message: "This customer may not order.", retryable: false });
    }
    return { customer_id, discount: LOYAL.test(customer_id) ? DISCOUNT : 0 };
  })
  .register("checkStock", ({ items }: { items: readonly Item[] }) => {
    const missing = items.filter(({ quantity }) => quantity > 1000).map(({ product_id }) => product_id);
    if (missing.length > 0) {
      throw new TaskError({
        code: "OUT_OF_STOCK",
        message: `Not enough of ${missing.join(", ")}.`,
        details: { missing },
        retryable: false,
      });
    }
    return { reserved: items.length };
  })
  .register("calculateTotals", ({ items, discount }: { items: readonly Item[]; discount: number }) => {
    const subtotal = items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    const reduced = subtotal * (1 - discount);
    return {
      subtotal: cents(subtotal),
      discount: cents(subtotal - reduced),
      tax: cents(reduced * TAX),
      total: cents(reduced * (1 + TAX)),
    };
  })
  .register(
    "chargePayment",
    ({ order_id, amount, method }: { order_id: string; amount: number; method: string }, { task }) => {
      // The bank is busy at the first try, as banks are: the workflow tries again.
      if (task.attempt === 1) throw new TaskError({ code: "BANK_BUSY", message: "The bank did not answer." });
      if (order_id.startsWith("declined")) {
        throw new TaskError({ code: "CARD_DECLINED", message: "The bank said no.", retryable: false });
      }
      // A task may be delivered twice; a payment id made from the order makes the second charge the same as the first.
      return { payment_id: `pay-${order_id}`, amount, method };
    },
  )
  .register("createShipment", ({ order_id }: { order_id: string }) => ({ tracking_number: `track-${order_id}` }))
  .register("sendInvoice", ({ order_id }: { order_id: string }) => ({ invoice_number: `inv-${order_id}` }))
  .register("releaseStock", ({ items }: { items: readonly Item[] }) => ({ released: items.length }));

await executor.start();
console.log(`order-service is ready (${executor.instance})`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void executor.stop({ graceMs: 5000 }).then(() => process.exit(0));
  });
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
