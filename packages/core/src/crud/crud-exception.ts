/** Why a service did not do what it was asked to. `details` is for the caller, `status` is HTTP's. */
export class CrudException extends Error {
  override readonly name = "CrudException";
  readonly details: string;
  readonly status: number;

  constructor(details: string, status: number) {
    super(details);
    this.details = details;
    this.status = status;
  }

  static badRequest(details: string): CrudException {
    return new CrudException(details, 400);
  }

  static forbidden(details: string): CrudException {
    return new CrudException(details, 403);
  }

  static notFound(details: string): CrudException {
    return new CrudException(details, 404);
  }

  static notImplemented(details: string): CrudException {
    return new CrudException(details, 501);
  }

  static badGateway(details: string): CrudException {
    return new CrudException(details, 502);
  }
}
