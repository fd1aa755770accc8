using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// One version of a model in all its forms, each verified: the same weights, in the precision and the order of operators that fit a kind
/// of processor.
/// </summary>
public sealed class VerifiedModelSet
{
    private readonly Dictionary<ModelForm, VerifiedModel> _models;

    /// <summary>A version that has one form.</summary>
    /// <param name="model">The model.</param>
    public VerifiedModelSet(VerifiedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Primary = model;
        _models = new Dictionary<ModelForm, VerifiedModel> { [ModelForm.CpuFloat32] = model };
        Version = model.Version;
    }

    /// <summary>Puts forms of one model together.</summary>
    /// <param name="models">The forms; <see cref="ModelForm.CpuFloat32"/> is among them.</param>
    /// <param name="version">
    /// The version; null for the first 12 digits of the SHA-256 of the list of files. The forms' own versions do not count.
    /// </param>
    /// <exception cref="ModelLoadException">
    /// They are not forms of one model: another name, checkpoint or input, other classes, or another precision than the form's.
    /// </exception>
    public VerifiedModelSet(IReadOnlyDictionary<ModelForm, VerifiedModel> models, string? version = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        _models = new Dictionary<ModelForm, VerifiedModel>(models);
        Manifest = new FormManifest(_models.Select(pair => new FormEntry(pair.Key, pair.Value.Sha256, pair.Value.Onnx.Length)));
        Primary = _models[ModelForm.CpuFloat32];
        foreach (var (form, model) in _models)
        {
            EnsureBelongs(form, model);
        }

        Version = version ?? Manifest.Version;
    }

    /// <summary>The form that every version has, and that runs everywhere.</summary>
    public VerifiedModel Primary { get; }

    /// <summary>The list of forms; null for a model of one file, which has none beside it.</summary>
    public FormManifest? Manifest { get; }

    /// <summary>The version of all forms.</summary>
    public string Version { get; }

    /// <summary>The forms beside <see cref="Primary"/>.</summary>
    public IEnumerable<(ModelForm Form, VerifiedModel Model)> Others =>
        _models.Where(pair => pair.Value != Primary).OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value));

    private void EnsureBelongs(ModelForm form, VerifiedModel model)
    {
        var (own, other) = (Primary.Description, model.Description);
        if (other.Precision != FormNames.PrecisionOf(form) || other.IsForeign)
        {
            throw ModelLoadException.Contract(
                $"The form {FormNames.Of(form)} of {Primary.Name}: expected a model of NanoDet's own export in "
                + $"{FormNames.Of(FormNames.PrecisionOf(form))}, found "
                + $"{(other.IsForeign ? "a foreign one" : FormNames.Of(other.Precision))}.");
        }

        if (own.Name != other.Name
            || own.CheckpointSha256 != other.CheckpointSha256
            || own.Input != other.Input
            || !own.ClassNames.SequenceEqual(other.ClassNames))
        {
            throw ModelLoadException.Contract(
                $"The form {FormNames.Of(form)} of {own.Name}: expected the same name, checkpoint, input and classes as those of "
                + $"{FormNames.Of(ModelForm.CpuFloat32)} (checkpoint {own.CheckpointSha256}), "
                + $"found {other.Name} (checkpoint {other.CheckpointSha256}).");
        }
    }
}
