using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Conversion;

/// <summary>A checkpoint in all the forms that were asked for.</summary>
/// <param name="Models">The forms; <see cref="ModelForm.CpuFloat32"/> is among them.</param>
public sealed record ConvertedForms(IReadOnlyDictionary<ModelForm, ConvertedModel> Models)
{
    /// <summary>The form that every version has.</summary>
    public ConvertedModel Primary => Models[ModelForm.CpuFloat32];

    /// <summary>What the user should know, of all forms, each once.</summary>
    public IReadOnlyList<string> Notes => [.. Models.Values.SelectMany(model => model.Notes).Distinct(StringComparer.Ordinal)];

    /// <summary>The 8-bit form's <see cref="ConvertedModel.SpeedNote"/>; null where there is no such form.</summary>
    public string? SpeedNote => Models.TryGetValue(ModelForm.CpuInt8, out var int8) ? int8.SpeedNote : null;

    /// <summary>The forms as one version.</summary>
    /// <param name="version">The version; null for one that follows from the files.</param>
    /// <exception cref="ModelLoadException">They are not forms of one model.</exception>
    public VerifiedModelSet ToSet(string? version = null) =>
        new(Models.ToDictionary(pair => pair.Key, pair => pair.Value.Model), version);
}
