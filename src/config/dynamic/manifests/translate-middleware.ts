import type { Diagnostic } from '../../../errors.ts';
import { middlewareType } from '../middleware-type.ts';
import { middleware } from '../schema/middleware.ts';
import { manifestOptions } from './manifest-options.ts';
import { objectName } from './names.ts';
import type { IndexedObject } from './object-index.ts';
import { resolveOptions } from './resolve-options.ts';
import { addItem, decodeObject, type Translation } from './translation.ts';

/** Finds a middleware's type, resolves its secret references, and brings what manifests write otherwise into the common form. */
export function translateMiddleware(translation: Translation, object: IndexedObject): void {
  const { namespace, origin } = object;
  const item = { name: objectName(namespace, object.name), origin };
  const broken = (problems: readonly Diagnostic[], path: readonly string[] = ['spec']): void => {
    addItem(translation.middlewares, { ...item, config: { type: '', options: {} }, path, problems });
  };
  const decoded = decodeObject(translation, object, middleware);
  if (!decoded.ok) {
    broken(decoded.problems);
    return;
  }
  const found = middlewareType(decoded.value.spec, origin, ['spec']);
  if (found.problem !== undefined) {
    broken([found.problem]);
    return;
  }
  const { config, problems } = resolveOptions(
    translation,
    found,
    { namespace, origin, path: found.path },
    manifestOptions,
  );
  addItem(translation.middlewares, { ...item, config, path: found.path, problems });
}
