using System.CommandLine;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Bench;

/// <summary>Sessions as the project makes them on a CPU, of one thread a run unless asked otherwise.</summary>
internal static class BenchSession
{
    /// <summary>Whether models are also run with the fast products of bytes of x64 without VNNI, which may overflow.</summary>
    public static Option<bool> FastProducts() => new("--fast-products")
    {
        Description = "Also without what the project sets for int8 on x64 CPUs without VNNI: products are faster there, and may overflow.",
    };

    /// <summary>The settings of a session.</summary>
    public static SessionOptions Options(int threads, bool fastProducts)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (!fastProducts)
        {
            options.AddSessionConfigEntry("session.x64quantprecision", "1");
        }

        return options;
    }
}
