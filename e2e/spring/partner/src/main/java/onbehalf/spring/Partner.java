package onbehalf.spring;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;

/** Spring Authorization Server of another domain: its tokens are for user-service. */
@SpringBootApplication
public class Partner {
  public static void main(String[] args) {
    SpringApplication.run(Partner.class, args);
  }

  @Bean
  OAuth2TokenCustomizer<JwtEncodingContext> forUserService() {
    return context -> context.getClaims().audience(List.of("user-service"));
  }
}
