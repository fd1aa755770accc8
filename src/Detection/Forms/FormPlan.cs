using Nanodet.Detection.Description;

namespace Nanodet.Detection.Forms;

/// <summary>Which forms come into question for a provider and a setting.</summary>
internal static class FormPlan
{
    /// <summary>
    /// The forms that come into question, the best first. Two of them are to be measured against each other; that is so on a CPU that may
    /// choose between float32 and int8.
    /// </summary>
    /// <param name="manifest">The forms that are there.</param>
    /// <param name="isOnGpu">Whether a GPU runs the model.</param>
    /// <param name="wanted">What the settings ask for.</param>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.PrecisionUnavailable"/>.</exception>
    internal static IReadOnlyList<ModelForm> Candidates(FormManifest manifest, bool isOnGpu, PrecisionChoice wanted)
    {
        IReadOnlyList<ModelForm> there = [.. Order(isOnGpu, wanted).Where(form => manifest.Find(form) is not null)];
        return there.Count == 0
            ? throw Missing(wanted, string.Join(", ", manifest.Forms.Select(entry => FormNames.Of(entry.Form))))
            : IsMeasured(isOnGpu, wanted) ? there : [there[0]];
    }

    /// <summary>Every form that a machine may come to need, the version's own included.</summary>
    /// <param name="manifest">The forms that are there.</param>
    /// <param name="mayBeGpu">Whether the settings allow a GPU.</param>
    /// <param name="mayBeCpu">Whether the settings allow the CPU.</param>
    /// <param name="wanted">What the settings ask for.</param>
    internal static IReadOnlyList<ModelForm> Needed(FormManifest manifest, bool mayBeGpu, bool mayBeCpu, PrecisionChoice wanted) =>
    [
        .. new[] { ModelForm.CpuFloat32 }
            .Concat(mayBeGpu ? Candidates(manifest, isOnGpu: true, wanted) : [])
            .Concat(mayBeCpu ? Candidates(manifest, isOnGpu: false, wanted) : [])
            .Distinct(),
    ];

    /// <summary>Says that a model does not have the precision that was asked for.</summary>
    internal static ModelLoadException Missing(PrecisionChoice wanted, string found) => new(
        ModelErrorCodes.PrecisionUnavailable,
        $"Expected the model in {wanted.ToString().ToLowerInvariant()}, as the settings ask, found {found}. "
        + "Publish the model with that form, or set the precision to auto.");

    private static bool IsMeasured(bool isOnGpu, PrecisionChoice wanted) => !isOnGpu && wanted == PrecisionChoice.Auto;

    private static ModelForm[] Order(bool isOnGpu, PrecisionChoice wanted) => (isOnGpu, wanted) switch
    {
        (true, PrecisionChoice.Auto) => [ModelForm.GpuFloat16, ModelForm.GpuFloat32, ModelForm.CpuFloat32],
        (true, PrecisionChoice.Float32) => [ModelForm.GpuFloat32, ModelForm.CpuFloat32],
        (_, PrecisionChoice.Float16) => [ModelForm.GpuFloat16],
        (_, PrecisionChoice.Int8) => [ModelForm.CpuInt8],
        (false, PrecisionChoice.Auto) => [ModelForm.CpuFloat32, ModelForm.CpuInt8],
        _ => [ModelForm.CpuFloat32],
    };
}
