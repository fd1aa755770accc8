using System.CommandLine;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Filters;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>The options that say which results and detections are taken.</summary>
internal sealed class FilterArguments
{
    private readonly Option<string[]> _classes = new("--class")
    {
        Description = "Only detections of this class; several times for several classes.",
    };

    private readonly Option<float> _score = new Option<float>("--min-score")
    {
        Description = "Only detections with at least this score, 0 to 1.",
    }.Within(0f, 1f);

    private readonly Option<string?> _status = new("--status") { Description = "Only images with this status: detected or failed." };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Only images whose name this glob fits, such as '**/*.jpg'.",
    };

    private readonly Option<bool> _skipEmpty = new("--skip-empty") { Description = "Leave out images without a detection that is taken." };

    /// <summary>The options of one command.</summary>
    public FilterArguments()
    {
        _status.AcceptOnlyFromAmong("detected", "failed");
        _name.Validators.Add(result =>
        {
            if (NameGlob.FindProblem(result.Tokens[0].Value) is { } problem)
            {
                result.AddError($"--name: {problem}.");
            }
        });
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _classes, _score, _status, _name, _skipEmpty })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the command line asks for.</summary>
    public ExportFilter Read(ParseResult parsed) => new()
    {
        Classes = parsed.GetValue(_classes) is { Length: > 0 } classes ? classes : null,
        MinScore = parsed.GetValue(_score),
        Status = DetectionStatusConverter.Find(parsed.GetValue(_status)),
        Name = parsed.GetValue(_name) is { } glob ? new NameGlob(glob) : null,
        SkipEmpty = parsed.GetValue(_skipEmpty),
    };
}
