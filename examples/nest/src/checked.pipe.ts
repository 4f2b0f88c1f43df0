import { BadRequestException, type PipeTransform } from "@nestjs/common";
import type { z } from "zod";

/** Lets pass what a schema takes. */
export class Checked<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  transform(value: unknown): z.output<Schema> {
    const checked = this.#schema.safeParse(value);
    if (checked.success) return checked.data;
    const issue = checked.error.issues[0];
    throw new BadRequestException(`${issue?.path.join(".") || "The body"}: ${issue?.message ?? "is wrong"}`);
  }
}
