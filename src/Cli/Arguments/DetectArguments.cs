using System.CommandLine;
using System.CommandLine.Parsing;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>The options of <c>nanodet detect</c> that say which images it takes, and how much it says.</summary>
internal sealed class DetectArguments
{
    private readonly Option<string[]> _input = new("--input")
    {
        Description = "An image, a folder whose images are taken, a glob, or a list (@file, @- for standard input); may be given several "
            + "times.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _list = new("--list")
    {
        Description = "A file with the name of an image on each line; '-' reads standard input.",
    };

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Keep the results in --output that are of this model, these options and an image of the same length that was not written since.",
    };

    private readonly Option<bool> _quiet = new("--quiet")
    {
        Description = "Say nothing of progress and single images; with --json, too.",
    };

    private readonly Option<bool> _tables = new("--tables")
    {
        Description = $"Print a table for each image, however many there are; otherwise up to {MostTables} images have one.",
    };

    /// <summary>Images that have a table each, unless more are asked for.</summary>
    private const int MostTables = 20;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command, Option<bool> storage, Option<bool> annotate, ExportArguments format)
    {
        foreach (var option in new Option[] { _input, _list, _resume, _quiet, _tables })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_input) is null && result.GetResult(_list) is null)
            {
                result.AddError("expected images: --input or --list.");
            }

            if (result.GetValue(_quiet) && result.GetValue(_tables))
            {
                result.AddError("--tables: not with --quiet.");
            }

            Refuse(result, _resume, result.GetValue(storage), "--storage: the app keeps results of the same identity by itself");
            Refuse(result, _resume, format.IsNamed(result), "--format, which writes everything anew. Detect into a folder with --resume, "
                + "then use 'nanodet results export'");
            Refuse(result, annotate, format.IsNamed(result), "--format, which writes no file for each image");
            if (format.IsNamed(result) && result.GetValue(storage))
            {
                result.AddError("--format: not with --storage. Use 'nanodet results export --job ID' with the job's id.");
            }
        });
    }

    /// <summary>Finds the images.</summary>
    public Task<ImageFiles> FindImagesAsync(ParseResult parsed, string except, CancellationToken cancellationToken) =>
        ImageInputs.FindAsync(parsed.GetValue(_input) ?? [], parsed.GetValue(_list) ?? [], except, Console.In, cancellationToken);

    /// <summary>Whether results that are there are kept.</summary>
    public bool Resume(ParseResult parsed) => parsed.GetValue(_resume);

    /// <summary>Whether nothing is said but the summary.</summary>
    public bool Quiet(ParseResult parsed) => parsed.GetValue(_quiet);

    /// <summary>Images that the answer has one by one; none of them where there are more.</summary>
    public int MostImages(ParseResult parsed, Option<bool> json) =>
        Quiet(parsed) ? 0 : parsed.GetValue(json) || parsed.GetValue(_tables) ? int.MaxValue : MostTables;

    private static void Refuse(CommandResult result, Option<bool> option, bool with, string what)
    {
        if (result.GetValue(option) && with)
        {
            result.AddError($"{option.Name}: not with {what}.");
        }
    }
}
