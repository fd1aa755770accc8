using System.CommandLine;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() =>
        new("--json") { Description = "Print one JSON document on standard output and nothing else there." };

    /// <summary><c>--precision</c> of a command that runs a model.</summary>
    public static Option<PrecisionChoice> Precision() =>
        new("--precision")
        {
            Description = "auto, float32, float16 or int8: which form of a model with several; auto takes float16 on a GPU, "
                + "and on a CPU the faster one of float32 and int8, measured for about a second.",
            DefaultValueFactory = _ => PrecisionChoice.Auto,
        };

    /// <summary><c>--score</c> of a command that detects here.</summary>
    /// <param name="standard">The score unless another is asked for.</param>
    public static Option<float> Score(float standard) => new Option<float>("--score")
    {
        Description = "Score threshold, 0 to 1: only detections with a higher score count.",
        DefaultValueFactory = _ => standard,
    }.Within(0f, 1f);

    /// <summary><c>--score</c> of a command that has an app detect.</summary>
    public static Option<float?> AppScore() => new Option<float?>("--score")
    {
        Description = "Score threshold, 0 to 1: only detections with a higher score count; default: the app's.",
    }.Within(0f, 1f);

    /// <summary><c>--fast-decode</c>.</summary>
    public static Option<bool> FastDecode() =>
        new("--fast-decode")
        {
            Description = "Decode JPEGs at 1/2, 1/4 or 1/8 where that leaves the model's input size: faster, a little different.",
        };

    /// <summary>TF32 on CUDA.</summary>
    public static Option<bool> Tf32() =>
        new("--tf32")
        {
            Description = "On CUDA, compute float32 in TF32: faster on cards from A100 on, a little different; results say so.",
        };
}
