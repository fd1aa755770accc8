using System.CommandLine;
using System.CommandLine.Parsing;
using Nanodet.Detection.Evaluation;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>The options that say in which format results are exported, and how.</summary>
internal sealed class ExportArguments
{
    private readonly Option<string?> _format;

    private readonly Option<FileInfo?> _dataset = new("--dataset")
    {
        Description = "For coco: a COCO annotations file (instances_*.json) whose image and category ids are used.",
    };

    private readonly Option<string?> _imageUrl = new("--image-url")
    {
        Description = "For labelstudio and azureml: what stands before an image's name in its address.",
    };

    private readonly Option<bool> _scores = new("--scores")
    {
        Description = "For yolo and voc: write scores, which readers of labels may not expect.",
    };

    /// <summary>The options of one command.</summary>
    /// <param name="required">Whether a format has to be named.</param>
    public ExportArguments(bool required)
    {
        _format = new("--format")
        {
            Description = $"{string.Join(", ", ExportFormats.Names)}{(required ? "" : "; default: a result file for each image")}.",
            HelpName = "format",
            Required = required,
        };
        _format.CompletionSources.Add([.. ExportFormats.Names]);
        _format.Validators.Add(result =>
        {
            if (ExportFormats.Find(result.Tokens[0].Value) is null)
            {
                result.AddError($"--format: expected one of {string.Join(", ", ExportFormats.Names)}, found '{result.Tokens[0].Value}'.");
            }
        });
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _format, _dataset, _imageUrl, _scores })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(Check);
    }

    /// <summary>The format; null where none is named.</summary>
    public ExportFormat? Format(ParseResult parsed) => ExportFormats.Find(parsed.GetValue(_format));

    /// <summary>The format; null where none is named that there is.</summary>
    public ExportFormat? Format(CommandResult result) =>
        result.GetResult(_format) is { Tokens: [var named, ..] } ? ExportFormats.Find(named.Value) : null;

    /// <summary>Whether a format is named.</summary>
    public bool IsNamed(CommandResult result) => result.GetResult(_format) is not null;

    /// <summary>Begins the export that the command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="output">The path of the output.</param>
    /// <param name="options">What is known beside the command line.</param>
    /// <param name="cancellationToken">Cancels reading the data set.</param>
    /// <exception cref="CliException">The data set cannot be read.</exception>
    public async Task<ExportWriter> BeginAsync(
        ParseResult parsed, string output, ExportOptions options, CancellationToken cancellationToken)
    {
        var format = Format(parsed)!.Value;
        var dataset = parsed.GetValue(_dataset) is { } file ? await ReadAsync(file, cancellationToken) : null;
        var (target, fileName) = ExportPaths.Open(format, output);
        return ExportWriters.Create(format, target, options with
        {
            FileName = fileName,
            Dataset = dataset,
            ImageUrlPrefix = parsed.GetValue(_imageUrl),
            IncludeScores = parsed.GetValue(_scores),
        });
    }

    private static async Task<CocoDataset> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (!file.Exists)
        {
            throw new CliException("file_not_found", $"there is no data set at {file}.");
        }

        await using var stream = file.OpenRead();
        return await CocoDataset.ReadAsync(stream, cancellationToken);
    }

    private void Check(CommandResult result)
    {
        var format = Format(result);
        Require(_dataset, format is ExportFormat.Coco, "coco");
        Require(_imageUrl, format is ExportFormat.LabelStudio or ExportFormat.AzureMl, "labelstudio or azureml");
        Require(_scores, format is ExportFormat.Yolo or ExportFormat.Voc, "yolo or voc");

        void Require(Option option, bool fits, string formats)
        {
            if (result.GetResult(option) is { Implicit: false } && !fits)
            {
                result.AddError($"{option.Name}: only with --format {formats}.");
            }
        }
    }
}
