using System.CommandLine;
using System.CommandLine.Parsing;
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

    /// <summary>Refuses int8 without photos.</summary>
    public static void Check(CommandResult result, Option<ModelPrecision> precision, Option<DirectoryInfo?> calibration)
    {
        if (result.GetValue(precision) == ModelPrecision.Int8 && result.GetValue(calibration) is null)
        {
            result.AddError(
                "--precision int8 takes the ranges of its values from photos: give a folder of some dozens with --calibration.");
        }
    }
}
