// Rules of ours that oxlint does not have.
const noExportAll = {
  meta: { type: "problem", docs: { description: "A package names what it offers: no `export *`." } },
  create(context) {
    return {
      ExportAllDeclaration(node) {
        context.report({ node, message: "Name what is exported, instead of `export *`." });
      },
    };
  },
};

export default { meta: { name: "roomcast" }, rules: { "no-export-all": noExportAll } };
