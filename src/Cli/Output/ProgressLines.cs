namespace Nanodet.Serverless.Cli.Output;

/// <summary>Progress where nobody watches a terminal: a line now and then, so that a log stays readable.</summary>
/// <param name="clock">The clock.</param>
/// <param name="writer">Where the lines go.</param>
internal sealed class ProgressLines(TimeProvider clock, TextWriter writer)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private long _latest = clock.GetTimestamp();

    /// <summary>Writes a line, unless the one before is too young.</summary>
    public void Say(string line)
    {
        if (clock.GetElapsedTime(_latest) >= Pause)
        {
            _latest = clock.GetTimestamp();
            writer.WriteLine(line);
        }
    }
}
