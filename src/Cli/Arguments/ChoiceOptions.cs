using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// Options that slice images and choose among their detections: <c>--slice</c>, <c>--overlap</c>, <c>--merge</c>, <c>--classes</c>,
/// <c>--thresholds</c>, <c>--regions</c>.
/// </summary>
internal sealed class ChoiceOptions
{
    private readonly Option<int> _slice = new Option<int>("--slice")
    {
        Description = $"Look at tiles of so many pixels a side, too, for small objects: {SliceOptions.MinSize} to {SliceOptions.MaxSize}.",
    }.Within(SliceOptions.MinSize, SliceOptions.MaxSize);

    private readonly Option<float> _overlap = new Option<float>("--overlap")
    {
        Description = $"With --slice: the least share of a tile that neighbours have in common, 0 to {SliceOptions.MaxOverlap}.",
        DefaultValueFactory = _ => SliceOptions.DefaultOverlap,
    }.Within(0f, SliceOptions.MaxOverlap);

    private readonly Option<SliceMerge> _merge = new("--merge")
    {
        Description = "With --slice: nms, or greedy, which unites boxes that share more than half of the smaller one.",
        DefaultValueFactory = _ => SliceMerge.Nms,
    };

    private readonly Option<string?> _classes = new("--classes")
    {
        Description = "Only these classes, with commas between them, such as person,car.",
    };

    private readonly Option<FileInfo?> _thresholds = new("--thresholds")
    {
        Description = "JSON file of score thresholds per class, such as { \"person\": 0.5 }; other classes have --score.",
    };

    private readonly Option<FileInfo?> _regions = new("--regions")
    {
        Description = "JSON file of polygons, such as [ { \"images\": \"cam1/*\", \"polygon\": [[0,0],[400,0],[400,300]] } ]; "
            + "detections count whose centre lies in one of their image's.",
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        command.Options.Add(_slice);
        command.Options.Add(_overlap);
        command.Options.Add(_merge);
        command.Options.Add(_classes);
        command.Options.Add(_thresholds);
        command.Options.Add(_regions);
        command.Validators.Add(FindProblem);
    }

    /// <summary>Whether the command line has one of them.</summary>
    /// <param name="parsed">The command line.</param>
    public bool IsUsed(ParseResult parsed) =>
        new Option[] { _slice, _classes, _thresholds, _regions }.Any(option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>Adds what they say to options.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">What the rest of the command line says.</param>
    /// <exception cref="CliException">A file is not there, or is none of its kind.</exception>
    public DetectorOptions AddTo(ParseResult parsed, DetectorOptions options)
    {
        var request = ToRequest(parsed, new DetectionRequestOptions());
        return options with { Slices = request.Slices, Filter = Filter(request) };
    }

    /// <summary>Adds what they say to a request.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="request">What the rest of the command line says.</param>
    /// <exception cref="CliException">A file is not there, or is none of its kind.</exception>
    public DetectionRequestOptions ToRequest(ParseResult parsed, DetectionRequestOptions request)
    {
        request = request with
        {
            Slices = parsed.GetResult(_slice) is { Implicit: false }
                ? new SliceOptions(parsed.GetValue(_slice), parsed.GetValue(_overlap), parsed.GetValue(_merge))
                : null,
            Classes = parsed.GetValue(_classes) is { } classes ? Names(classes) : null,
            ClassThresholds = parsed.GetValue(_thresholds) is { } thresholds
                ? Read(thresholds, json => JsonSerializer.Deserialize(json, ChoiceJson.Default.DictionaryStringSingle))
                : null,
            Regions = parsed.GetValue(_regions) is { } regions
                ? Read(regions, json => JsonSerializer.Deserialize(json, ChoiceJson.Default.RegionArray))
                : null,
        };
        _ = Filter(request);
        return request;
    }

    private static DetectionFilter? Filter(DetectionRequestOptions request)
    {
        try
        {
            return new DetectionFilter(request.Classes, request.ClassThresholds, request.Regions) is { IsEmpty: false } filter
                ? filter
                : null;
        }
        catch (FilterException exception)
        {
            throw new CliException(exception.Code, exception.Message);
        }
    }

    private static T Read<T>(FileInfo file, Func<byte[], T?> deserialize)
        where T : class
    {
        if (!file.Exists)
        {
            throw new CliException("file_not_found", $"there is no file at {file}.");
        }

        try
        {
            return deserialize(File.ReadAllBytes(file.FullName)) ?? throw new JsonException("found null.");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new CliException(
                FilterErrorCodes.Invalid, $"{file}: expected JSON as 'nanodet detect --help' shows it: {exception.Message}");
        }
    }

    private static string[] Names(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private void FindProblem(CommandResult result)
    {
        foreach (var option in new Option[] { _overlap, _merge })
        {
            if (result.GetResult(option) is { Implicit: false } && result.GetResult(_slice) is not { Implicit: false })
            {
                result.AddError($"{option.Name}: only with {_slice.Name}.");
            }
        }

        if (result.GetResult(_classes) is { Implicit: false, Tokens: [{ } token] } && Names(token.Value).Length == 0)
        {
            result.AddError($"{_classes.Name}: expected names with commas between them, found none.");
        }
    }
}
