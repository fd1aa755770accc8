using Nanodet.Detection.Description;

namespace Nanodet.Configs;

/// <summary>What the shared reader of configs (src/Configs) throws in this assembly.</summary>
internal static class ConfigError
{
    /// <summary>A config that cannot be used.</summary>
    public static Exception Invalid(string message, Exception? innerException = null) =>
        new ModelLoadException(ModelErrorCodes.ContractViolated, message, innerException);

    /// <summary>A config that is not read because of its size.</summary>
    public static Exception TooLarge(string message) => Invalid(message);
}
