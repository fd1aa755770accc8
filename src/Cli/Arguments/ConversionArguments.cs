using System.CommandLine;
using System.CommandLine.Parsing;
using Nanodet.Detection.Forms;
using Nanodet.Serverless.Conversion;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>The options of every command that converts a checkpoint.</summary>
internal static class ConversionArguments
{
    /// <summary>What the model computes in.</summary>
    public static Option<ModelPrecision> Precision() => new("--precision")
    {
        Description = "What the model computes in: fp32, fp16 (for GPUs), or int8 (for CPUs), which needs --calibration.",
        DefaultValueFactory = _ => ModelPrecision.Fp32,
    };

    /// <summary>A folder of photos.</summary>
    public static Option<DirectoryInfo?> Calibration() => new("--calibration")
    {
        Description = "A folder of photos like those that the model will see: int8 takes its ranges from them, "
            + "and a model of lower precision is compared with float32 on them.",
    };

    /// <summary>Several forms of one version.</summary>
    public static Option<string?> Forms() => new("--forms")
    {
        Description = $"Several forms of the model, with commas between them: {string.Join(", ", FormNames.All)}; or all. "
            + "A worker takes the one that fits its processor. cpu-fp32 is always among them; cpu-int8 needs --calibration.",
    };

    /// <summary>The forms that were named; null where <c>--forms</c> was not given.</summary>
    public static IReadOnlyList<ModelForm>? FormsOf(string? text) => text is null
        ? null
        : [.. Split(text).SelectMany(name => IsAll(name) ? Enum.GetValues<ModelForm>() : [FormNames.Find(name)!.Value]).Distinct()];

    /// <summary>Refuses unknown forms, forms beside a precision, and 8 bits without photos.</summary>
    public static void Check(
        CommandResult result, Option<string?> forms, Option<ModelPrecision> precision, Option<DirectoryInfo?> calibration)
    {
        Check(result, precision, calibration);
        if (result.GetValue(forms) is not { } text)
        {
            return;
        }

        if (Split(text).FirstOrDefault(name => !IsAll(name) && FormNames.Find(name) is null) is { } unknown)
        {
            result.AddError($"--forms: expected names among {string.Join(", ", FormNames.All)}, or all, found '{unknown}'.");
            return;
        }

        if (result.GetResult(precision) is { Implicit: false })
        {
            result.AddError("--forms says what each form computes in: leave --precision out.");
        }

        if (FormsOf(text)!.Contains(ModelForm.CpuInt8) && result.GetValue(calibration) is null)
        {
            result.AddError(
                "--forms cpu-int8 takes the ranges of its values from photos: give a folder of some dozens with --calibration.");
        }
    }

    private static bool IsAll(string name) => string.Equals(name, "all", StringComparison.OrdinalIgnoreCase);

    private static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static void Check(CommandResult result, Option<ModelPrecision> precision, Option<DirectoryInfo?> calibration)
    {
        if (result.GetValue(precision) == ModelPrecision.Int8 && result.GetValue(calibration) is null)
        {
            result.AddError(
                "--precision int8 takes the ranges of its values from photos: give a folder of some dozens with --calibration.");
        }
    }
}
