using System.CommandLine;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Options of <c>nanodet eval</c> that write files or compare.</summary>
internal sealed class EvalOutputOptions
{
    private readonly Option<FileInfo?> _report = new("--report")
    {
        Description = "Write one HTML file with curves, AP per class, a confusion matrix and the worst images.",
    };

    private readonly Option<FileInfo?> _detections = new("--save-detections")
    {
        Description = "Write the detections as COCO results (JSON).",
    };

    private readonly Option<FileInfo?> _compare = new("--compare")
    {
        Description = "Another model (.onnx), or saved detections (.json), to compare with on the same images.",
    };

    private readonly Option<FileInfo?> _thresholds = new("--thresholds-out")
    {
        Description = "Write the score threshold of the best F1 of each class, for --thresholds.",
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        command.Options.Add(_report);
        command.Options.Add(_detections);
        command.Options.Add(_compare);
        command.Options.Add(_thresholds);
    }

    /// <summary>What a command line says.</summary>
    /// <param name="parsed">The command line.</param>
    public EvalOutputs Read(ParseResult parsed) => new(
        parsed.GetValue(_report), parsed.GetValue(_detections), parsed.GetValue(_compare), parsed.GetValue(_thresholds));
}
