namespace Nanodet.Detection.Forms;

/// <summary>The JSON of a manifest.</summary>
internal sealed record FormManifestData(int SchemaVersion, IReadOnlyList<FormEntry> Forms);
