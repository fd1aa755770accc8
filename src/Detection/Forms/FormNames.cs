using Nanodet.Detection.Description;

namespace Nanodet.Detection.Forms;

/// <summary>The names of forms and precisions, in files and in results.</summary>
public static class FormNames
{
    private static readonly (ModelForm Form, string Name)[] Names =
    [
        (ModelForm.CpuFloat32, "cpu-fp32"),
        (ModelForm.CpuInt8, "cpu-int8"),
        (ModelForm.GpuFloat32, "gpu-fp32"),
        (ModelForm.GpuFloat16, "gpu-fp16"),
    ];

    /// <summary>Every name, in the order of <see cref="ModelForm"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Select(pair => pair.Name)];

    /// <summary>The name of a form, such as <c>cpu-int8</c>.</summary>
    /// <param name="form">The form.</param>
    public static string Of(ModelForm form) => Names[(int)form].Name;

    /// <summary>The form of a name; null when there is none.</summary>
    /// <param name="name">Such as <c>cpu-int8</c>.</param>
    public static ModelForm? Find(string name) =>
        Names.Where(pair => string.Equals(pair.Name, name, StringComparison.OrdinalIgnoreCase)).Select(pair => (ModelForm?)pair.Form)
            .FirstOrDefault();

    /// <summary>The name of a precision as a model's metadata and results spell it: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</summary>
    /// <param name="precision">The precision.</param>
    public static string Of(ParityPrecision precision) => precision switch
    {
        ParityPrecision.Half => "fp16",
        ParityPrecision.Int8 => "int8",
        _ => "fp32",
    };

    /// <summary>What the graph of a form computes in.</summary>
    /// <param name="form">The form.</param>
    public static ParityPrecision PrecisionOf(ModelForm form) => form switch
    {
        ModelForm.CpuInt8 => ParityPrecision.Int8,
        ModelForm.GpuFloat16 => ParityPrecision.Half,
        _ => ParityPrecision.Full,
    };

    /// <summary>Whether a precision is what was asked for.</summary>
    internal static bool Fits(PrecisionChoice wanted, ParityPrecision precision) => wanted switch
    {
        PrecisionChoice.Float32 => precision == ParityPrecision.Full,
        PrecisionChoice.Float16 => precision == ParityPrecision.Half,
        PrecisionChoice.Int8 => precision == ParityPrecision.Int8,
        _ => true,
    };
}
