using System.Text.RegularExpressions;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Output;

/// <summary>What commands print for people fits the terminal that they have, and has no colour where they want none.</summary>
public sealed partial class TerminalTests(DemoModel model) : IDisposable
{
    private const int Narrow = 60;

    private static readonly Dictionary<string, string> NoColour = new() { ["NO_COLOR"] = "1" };

    private readonly TemporaryFolder _folder = new();

    private string Truth => _folder.File("truth.json");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("doctor --model MODEL")]
    [InlineData("inspect MODEL")]
    [InlineData("inspect CHECKPOINT")]
    [InlineData("export --config CONFIG --checkpoint CHECKPOINT --output OUT/narrow.onnx")]
    [InlineData("detect --model MODEL --input PHOTOS --output OUT/results")]
    [InlineData("eval --model MODEL --images PHOTOS --annotations TRUTH")]
    [InlineData("bench --model MODEL --images PHOTOS --seconds 0.2")]
    [InlineData("cost --images 10000")]
    [InlineData("detect --help")]
    [InlineData("submit --help")]
    [InlineData("down --data OUT")]
    public async Task Command_InSixtyColumns_FitsWithoutColour(string line)
    {
        if (Terminal.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        await WriteTruthAsync();
        var arguments = line.Split(' ').Select(word => word switch
        {
            "MODEL" => model.Onnx,
            "CHECKPOINT" => model.Checkpoint,
            "CONFIG" => model.Config,
            "PHOTOS" => DemoModel.Photos,
            "TRUTH" => Truth,
            _ when word.StartsWith("OUT", StringComparison.Ordinal) => _folder.Path + word["OUT".Length..],
            _ => word,
        });

        var (code, lines, raw) = await Terminal.RunAsync(Narrow, NoColour, [.. arguments]);

        Assert.True(code == 0, raw);
        Assert.Contains(lines, text => text.Length > 0);

        // Commands to copy stay whole, and so does the target, which is a path of the user's.
        lines = [.. lines.TakeWhile(text => text != "Examples:").Where(text => !text.StartsWith("target: ", StringComparison.Ordinal))];
        Assert.True(lines.All(text => text.Length <= Narrow), string.Join('\n', lines.Where(text => text.Length > Narrow)));
        Assert.DoesNotMatch(Colour(), raw);
    }

    /// <summary>A note is yellow, unless nobody wants that.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Note_IsYellowUnlessNobodyWantsColour(bool isUnwanted)
    {
        if (Terminal.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        await WriteTruthAsync();

        var (code, lines, raw) = await Terminal.RunAsync(
            Narrow,
            isUnwanted ? NoColour : [],
            "eval",
            "--model",
            model.Onnx,
            "--images",
            DemoModel.Photos,
            "--annotations",
            Truth);

        Assert.True(code == 0, raw);
        Assert.Contains(lines, line => line.StartsWith("note: classes without a category", StringComparison.Ordinal));
        Assert.Equal(!isUnwanted, Colour().IsMatch(raw));
    }

    private Task WriteTruthAsync() => File.WriteAllTextAsync(
        Truth,
        """
        {
          "images": [{ "id": 1, "file_name": "sample1.jpg", "width": 600, "height": 600 }],
          "categories": [{ "id": 1, "name": "person" }],
          "annotations": [{ "id": 1, "image_id": 1, "category_id": 1, "bbox": [100, 100, 300, 400], "area": 120000, "iscrowd": 0 }]
        }
        """,
        TestContext.Current.CancellationToken);

    [GeneratedRegex(@"\x1b\[[0-9;]*\b(3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;5;[0-9]+|48;5;[0-9]+)m")]
    private static partial Regex Colour();
}
