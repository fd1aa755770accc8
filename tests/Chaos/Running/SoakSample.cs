using System.Globalization;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>What the app holds at one moment of a soak.</summary>
/// <param name="Images">Images that have their record.</param>
/// <param name="Seconds">Time since the first upload.</param>
/// <param name="Wait">Seconds from the last upload of the round to the last record, at most: they are counted every few seconds.</param>
/// <param name="Host">The host's process.</param>
/// <param name="Worker">The worker's process.</param>
/// <param name="Storage">The emulator's process.</param>
/// <param name="Instances">Orchestrations that the engine remembers.</param>
/// <param name="Staging">Blobs of container <c>staging</c>.</param>
internal sealed record SoakSample(
    int Images,
    double Seconds,
    double Wait,
    SoakSample.Process Host,
    SoakSample.Process Worker,
    SoakSample.Process Storage,
    int Instances,
    int Staging)
{
    public const string Header =
        "images     s  wait s  host: MiB files threads cpu s  worker: MiB files threads cpu s  storage: MiB files threads cpu s  orchestrations staging";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Images,6} {Seconds,5:F0} {Wait,7:F0} {Host,30} {Worker,32} {Storage,33} {Instances,15} {Staging,7}");

    /// <summary>What the kernel says of a process.</summary>
    /// <param name="Bytes">Resident memory, in bytes.</param>
    /// <param name="Files">Open files, sockets and pipes.</param>
    /// <param name="Threads">Threads.</param>
    /// <param name="Processor">Processor time since it began, in seconds.</param>
    internal sealed record Process(long Bytes, int Files, int Threads, double Processor)
    {
        public static Process Of(int id)
        {
            var status = File.ReadLines($"/proc/{id}/status")
                .Select(line => line.Split([':', '\t', ' '], StringSplitOptions.RemoveEmptyEntries))
                .Where(parts => parts.Length > 1)
                .ToLookup(parts => parts[0], parts => parts[1]);
            return new Process(
                long.Parse(status["VmRSS"].Single(), CultureInfo.InvariantCulture) << 10,
                Directory.GetFileSystemEntries($"/proc/{id}/fd").Length,
                int.Parse(status["Threads"].Single(), CultureInfo.InvariantCulture),
                ProcessorOf(id));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bytes >> 20,9} {Files,5} {Threads,7} {Processor,5:F0}");

        private static double ProcessorOf(int id)
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return process.TotalProcessorTime.TotalSeconds;
        }
    }
}
