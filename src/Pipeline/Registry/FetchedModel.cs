using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>A model file on this machine, whose bytes are the right ones.</summary>
/// <param name="Path">The ONNX file; its config, if it needs one, lies beside it.</param>
/// <param name="Sha256">SHA-256 of the file, 64 lower-case hex digits.</param>
/// <param name="Name">The name of a model that does not describe itself.</param>
/// <param name="Version">Its version; null for one that follows from the SHA-256.</param>
internal sealed record FetchedModel(string Path, string Sha256, string Name, string? Version)
{
    /// <summary>Which forms the model has; null for a model of one file.</summary>
    internal FormManifest? Manifest { get; init; }

    /// <summary>The files of the forms that the settings may come to ask for; empty for a model of one file.</summary>
    internal IReadOnlyDictionary<ModelForm, string> Forms { get; init; } = new Dictionary<ModelForm, string>();

    /// <summary>What the pointer named when the model was fetched; null where none is followed.</summary>
    internal string? Pointed { get; init; }
}
