using System.Globalization;
using System.Text;

namespace Nanodet.Configs;

/// <summary>Reads a NanoDet training config (<c>config/*.yml</c> of the official repository, or one written after them).</summary>
internal static class NanodetConfigReader
{
    private const int LargestInput = 8192;

    /// <summary>Reads a config.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <exception cref="Exception">It is not readable, or a setting has no meaning.</exception>
    public static NanodetConfig Read(ReadOnlySpan<byte> utf8)
    {
        var root = ReadRoot(utf8);
        var architecture = root.Required("model").Required("arch");
        if (architecture.Optional("name") is { } name)
        {
            NanodetConfig.RequireDetector(name);
        }

        var notes = new List<string>();
        var backbone = architecture.Optional("backbone");
        if (backbone is not null)
        {
            NotePretrain(backbone, notes);
        }

        var head = architecture.Required("head");

        var data = root.Required("data").Required("val");
        var size = data.Integers("input_size");
        if (size is not [> 0 and <= LargestInput, > 0 and <= LargestInput])
        {
            throw data.Required("input_size").Invalid(
                $"[width, height] of 1 to {LargestInput} pixels was expected, [{string.Join(", ", size)}] was found");
        }

        var (mean, std) = ReadNormalize(data.Required("pipeline").Required("normalize"));
        return new NanodetConfig
        {
            Architecture = architecture,
            OptionalBackbone = backbone,
            Head = head,
            Classes = ReadClasses(root, head.Integer("num_classes", null, 1, 10_000), notes),
            InputWidth = size[0],
            InputHeight = size[1],
            KeepRatio = data.Boolean("keep_ratio", null),
            Mean = mean,
            Std = std,
            Notes = notes,
        };
    }

    /// <summary>Reads a config as it stands, without asking for any setting.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <exception cref="Exception">It is not readable.</exception>
    public static ConfigNode ReadRoot(ReadOnlySpan<byte> utf8) => ConfigNode.Parse(Decode(utf8));

    private static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8 is [0xEF, 0xBB, 0xBF, ..] ? utf8[3..] : utf8);
        }
        catch (DecoderFallbackException exception)
        {
            throw ConfigError.Invalid("The config is no UTF-8 text.", exception);
        }
    }

    private static void NotePretrain(ConfigNode backbone, List<string> notes)
    {
        foreach (var key in (string[])["pretrain", "pretrained"])
        {
            if (backbone.Optional(key) is { } pretrain && !pretrain.IsFalse())
            {
                notes.Add(
                    $"{backbone.Path}.{key}: {(pretrain.IsTrue() ? "true" : pretrain.Describe())} is ignored; "
                    + "every weight comes from the checkpoint, nothing is downloaded.");
            }
        }
    }

    private static (IReadOnlyList<double> Mean, IReadOnlyList<double> Std) ReadNormalize(ConfigNode normalize)
    {
        var rows = normalize.Items();
        if (rows.Count != 2 || rows.Any(row => row.Items().Count != 3))
        {
            throw normalize.Invalid("[[mean of blue, green, red], [standard deviation of each]] was expected");
        }

        var std = rows[1].Items().Select(item => item.AsNumber()).ToList();
        return std.Any(value => value <= 0)
            ? throw rows[1].Invalid($"standard deviations above 0 were expected, [{string.Join(", ", std)}] were found")
            : (rows[0].Items().Select(item => item.AsNumber()).ToList(), std);
    }

    private static List<string> ReadClasses(ConfigNode root, int count, List<string> notes)
    {
        var names = root.Optional("class_names")?.Items().Select(item => item.AsText()).ToList() ?? [];
        if (names.Count == count)
        {
            return names;
        }

        // The template of the official repository for own data sets has names to be filled in; its tensors are sound all the same.
        notes.Add(
            $"class_names has {names.Count.ToString(CultureInfo.InvariantCulture)} names and model.arch.head.num_classes is {count}: "
            + (names.Count > count ? "the surplus names are dropped." : $"the others are called class{names.Count} to class{count - 1}."));
        return [.. Enumerable.Range(0, count).Select(index => index < names.Count ? names[index] : $"class{index}")];
    }
}
