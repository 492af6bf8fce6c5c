import { stringify } from 'yaml';
import type { Origin } from '../../config/dynamic/model.ts';
import { parseSource } from '../../config/source/parse-source.ts';
import type { SourceDocument } from '../../config/source/source-document.ts';
import type { ApiObject } from './api-object.ts';

/** The provider in the names of objects, wherever they were written. */
export const objectProvider = 'kubernetescrd';

const origins = new WeakMap<ApiObject, Origin>();

/**
 * Where an object of the API server was written: in no file, so problems have no position, but the line of the object as
 * YAML that `kubectl get -o yaml` would print, with a caret below it. The YAML is only made when there is a problem.
 */
export function originOf(object: ApiObject): Origin {
  const known = origins.get(object);
  if (known !== undefined) return known;
  let document: SourceDocument | undefined;
  const rendered = (): SourceDocument | undefined => {
    document ??= parseSource('', renderObject(object)).documents[0];
    return document;
  };
  const origin: Origin = {
    provider: objectProvider,
    label: '',
    locate: (path, options) => rendered()?.locate(path, options),
    line: (position) => rendered()?.line(position),
  };
  origins.set(object, origin);
  return origin;
}

/** For a translation whose problems nobody will read: it costs nothing to say where they are. */
export const nowhere: Origin = {
  provider: objectProvider,
  label: '',
  locate: () => undefined,
  line: () => undefined,
};

function renderObject(object: ApiObject): string {
  const { apiVersion, kind, metadata, status: _status, ...rest } = object;
  const { name, namespace, labels, annotations } = metadata;
  const written = { apiVersion, kind, metadata: { name, namespace, labels, annotations }, ...rest };
  return stringify(written, { lineWidth: 0, aliasDuplicateObjects: false, keepUndefined: false });
}
